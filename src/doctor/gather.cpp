#include "doctor/gather.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "doctor/checks.hpp"
#include "doctor/facts_json.hpp"
#include "doctor/look.hpp"
#include "doctor/within.hpp"
#include "errors/errors.hpp"
#include "provenance/run.hpp"

namespace mambasynth::doctor {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;
using Seconds = std::chrono::duration<double>;

void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }  // an MPI call that waits spins

/// What a rank has to say of itself: its facts, or where it hangs.
Json own_words(parallel::Communicator const& world, Settings const& settings) {
  struct Doing {
    std::mutex mutex;
    std::string what = "starting";
  };
  auto const doing = std::make_shared<Doing>();
  RankFacts facts;
  facts.rank = world.rank();
  facts.size = world.size();
  facts.local_rank = world.local_rank();
  facts.local_size = world.local_size();
  facts.environment = settings.environment;
  facts.mpi = settings.mpi;
  auto const seen = within(Seconds(settings.timeout), [facts, look = settings.look, doing]() mutable {
    look(facts, [&](std::string const& what) {
      std::lock_guard const guard(doing->mutex);
      doing->what = what;
    });
    return facts;
  });
  if (seen) return Json(*seen);
  std::lock_guard const guard(doing->mutex);
  return Json{{"hangs", doing->what}, {"host", provenance::host_name()}};
}

/// A rank's answer to an order. One that hangs in it is told apart from one that is gone.
Attempt answer_to(Order const& order, int rank, double timeout) {
  auto const attempt =
      within(Seconds(timeout), [order, rank, timeout] { return carry_out(order, rank, std::min(5.0, timeout / 2)); });
  return attempt.value_or(
      Attempt{.rank = rank, .problem = "the call did not return in time", .seconds = timeout, .won = {}});
}

/// Rank 0's side. A message's tag is the number of the order that it answers; 0 is the first report of each rank.
class Roll {
 public:
  Roll(parallel::Communicator const& world, double timeout) : world_(world), timeout_(timeout) {
    for (int rank = 1; rank < world.size(); ++rank) present_.insert(rank);
  }

  /// The reports of all other ranks.
  std::map<int, Json> reports() { return collect(0, present_); }

  /// Has every rank that is still there carry out the order, rank 0 too.
  std::vector<Attempt> ask(Order const& order) {
    send(order, present_);
    std::vector<Attempt> answers{answer_to(order, 0, timeout_)};
    // The others began before rank 0; their answers are collected after it.
    for (auto& [rank, answer] : collect(number_, present_)) answers.push_back(answer.get<Attempt>());
    return answers;
  }

  /// The time of one rank, and how long it took to hear it.
  std::optional<Attempt> ask_one(int rank, Order const& order) {
    if (!present_.contains(rank)) return std::nullopt;
    send(order, {rank});
    auto const answers = collect(number_, {rank});
    if (answers.empty()) return std::nullopt;
    return answers.begin()->second.get<Attempt>();
  }

  void lose(int rank, std::string const& host, std::string const& doing) {
    if (present_.erase(rank)) silent_.push_back({rank, host, doing});
  }
  void dismiss() { send({}, present_); }
  [[nodiscard]] std::vector<Silent> silent() const { return silent_; }
  void knows(int rank, std::string const& host) { hosts_[rank] = host; }

 private:
  void send(Order const& order, std::set<int> const& ranks) {
    ++number_;
    for (auto const rank : ranks) world_.send(rank, number_, to_text(order));
  }

  /// Who does not answer is silent from then on: nothing is sent to it any more, a send could wait for ever.
  std::map<int, Json> collect(int number, std::set<int> const& from) {
    std::map<int, Json> answers;
    auto const deadline = Clock::now() + Seconds(timeout_ + 2);
    while (answers.size() < from.size() && Clock::now() < deadline) {
      auto const message = world_.try_receive();
      if (!message) rest();
      else if (message->tag == number) answers[message->source] = Json::parse(message->bytes);
    }
    for (auto const rank : std::set<int>(from))
      if (!answers.contains(rank)) lose(rank, hosts_[rank], number == 0 ? "" : "answering a message");
    return answers;
  }

  parallel::Communicator const& world_;
  double timeout_;
  int number_ = 0;
  std::set<int> present_;
  std::vector<Silent> silent_;
  std::map<int, std::string> hosts_;
};

/// One rank a host; the middle of the exchange is when the other clock was read, give or take half its length.
std::vector<ClockOffset> compare_clocks(Roll& roll, Facts const& facts) {
  std::vector<ClockOffset> offsets;
  Order const order{.kind = Order::Kind::clock, .path = {}, .text = {}, .rounds = 0};
  for (auto const& host : by_host(facts)) {
    if (host.front()->rank == 0) {
      offsets.push_back({host.front()->host, 0, 0});
      continue;
    }
    auto const before = carry_out(order, 0).seconds;
    auto const theirs = roll.ask_one(host.front()->rank, order);
    auto const after = carry_out(order, 0).seconds;
    if (theirs) offsets.push_back({host.front()->host, theirs->seconds - (before + after) / 2, (after - before) / 2});
  }
  return offsets;
}

Facts lead(parallel::Communicator const& world, Settings const& settings) {
  Roll roll(world, settings.timeout);
  Facts facts;
  std::vector<Json> words{own_words(world, settings)};
  auto const reports = roll.reports();
  if (words.front().contains("hangs")) {
    facts.silent.push_back({0, words.front().at("host"), words.front().at("hangs")});
    RankFacts self;
    self.size = world.size();
    self.host = words.front().at("host");
    self.environment = settings.environment;
    self.mpi = settings.mpi;
    words.front() = Json(self);
  }
  for (auto const& [rank, report] : reports) {
    if (report.contains("hangs")) roll.lose(rank, report.at("host"), report.at("hangs"));
    else words.push_back(report);
  }
  for (auto const& word : words) facts.ranks.push_back(word.get<RankFacts>());
  for (auto const& rank : facts.ranks) roll.knows(rank.rank, rank.host);
  facts.clocks = compare_clocks(roll, facts);
  facts.srun_mpi_list = ask_srun(settings.environment);
  facts.folder = try_folder(settings.out, [&](Order const& order) { return roll.ask(order); }, settings.cleaner);
  roll.dismiss();
  for (auto const& silent : roll.silent()) facts.silent.push_back(silent);
  return facts;
}

void follow(parallel::Communicator const& world, Settings const& settings) {
  auto const words = own_words(world, settings);
  world.send(0, 0, words.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (words.contains("hangs")) return;
  // Rank 0 may wait for several others, one after the other, and for srun.
  auto const patience = Seconds(60 + 6 * settings.timeout);
  for (auto heard = Clock::now();;) {
    auto const message = world.try_receive();
    if (!message) {
      if (Clock::now() - heard > patience)
        throw errors::machine("rank 0 no longer answers", "it has not said anything for minutes",
                              "Look at its node, or leave it out: sbatch --exclude=NODE");
      rest();
      continue;
    }
    heard = Clock::now();
    auto const order = order_from(message->bytes);
    if (order.kind == Order::Kind::end) return;
    world.send(
        0, message->tag,
        Json(answer_to(order, world.rank(), settings.timeout)).dump(-1, ' ', false, Json::error_handler_t::replace));
  }
}

}  // namespace

Facts examine(parallel::Communicator const& world, Settings const& settings) {
  if (world.rank() == 0) return lead(world, settings);
  follow(world, settings);
  return {};
}

}  // namespace mambasynth::doctor
