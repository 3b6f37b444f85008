#include "doctor/gather.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "doctor/checks.hpp"
#include "doctor/facts_json.hpp"
#include "doctor/inspect.hpp"
#include "doctor/with_timeout.hpp"
#include "errors/errors.hpp"
#include "provenance/run.hpp"

namespace mambasynth::doctor {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;
using Seconds = std::chrono::duration<double>;

void yield_core() {
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
}  // instead of a blocking MPI call, which spins

/// This rank's report: its facts, or where it hangs.
Json own_report(parallel::Communicator const& world, Settings const& settings) {
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
  auto const seen = with_timeout(Seconds(settings.timeout), [facts, inspect = settings.inspect, doing]() mutable {
    inspect(facts, [&](std::string const& what) {
      std::lock_guard const guard(doing->mutex);
      doing->what = what;
    });
    return facts;
  });
  if (seen) return Json(*seen);
  std::lock_guard const guard(doing->mutex);
  return Json{{"hangs", doing->what}, {"host", provenance::host_name()}};
}

/// This rank's reply to an order. A rank that hangs in it still replies, unlike one that is gone.
Attempt answer_to(Order const& order, int rank, double timeout) {
  auto const attempt = with_timeout(
      Seconds(timeout), [order, rank, timeout] { return execute(order, rank, std::min(5.0, timeout / 2)); });
  return attempt.value_or(
      Attempt{.rank = rank, .problem = "the call did not return in time", .seconds = timeout, .won = {}});
}

/// Rank 0's side. A message's tag is the number of the order it replies to; 0 is each rank's initial report.
class Coordinator {
 public:
  Coordinator(parallel::Communicator const& world, double timeout) : world_(world), timeout_(timeout) {
    for (int rank = 1; rank < world.size(); ++rank) present_.insert(rank);
  }

  /// The reports of all other ranks.
  std::map<int, Json> reports() { return collect(0, present_); }

  /// Has every responsive rank, including rank 0, execute the order.
  std::vector<Attempt> ask(Order const& order) {
    send(order, present_);
    std::vector<Attempt> answers{answer_to(order, 0, timeout_)};
    // The other ranks started before rank 0; their replies are collected after it.
    for (auto& [rank, answer] : collect(number_, present_)) answers.push_back(answer.get<Attempt>());
    return answers;
  }

  /// Has one rank execute the order.
  std::optional<Attempt> ask_one(int rank, Order const& order) {
    if (!present_.contains(rank)) return std::nullopt;
    send(order, {rank});
    auto const answers = collect(number_, {rank});
    if (answers.empty()) return std::nullopt;
    return answers.begin()->second.get<Attempt>();
  }

  void lose(int rank, std::string const& host, std::string const& doing) {
    if (present_.erase(rank)) unresponsive_.push_back({rank, host, doing});
  }
  void dismiss() { send({}, present_); }
  [[nodiscard]] std::vector<Unresponsive> unresponsive() const { return unresponsive_; }
  void set_host(int rank, std::string const& host) { hosts_[rank] = host; }

 private:
  void send(Order const& order, std::set<int> const& ranks) {
    ++number_;
    for (auto const rank : ranks) world_.send(rank, number_, to_text(order));
  }

  /// A rank that does not reply counts as unresponsive from then on. Nothing more is sent to it, because a send could
  /// block forever.
  std::map<int, Json> collect(int number, std::set<int> const& from) {
    std::map<int, Json> answers;
    auto const deadline = Clock::now() + Seconds(timeout_ + 2);
    while (answers.size() < from.size() && Clock::now() < deadline) {
      auto const message = world_.try_receive();
      if (!message) yield_core();
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
  std::vector<Unresponsive> unresponsive_;
  std::map<int, std::string> hosts_;
};

/// For one rank per host. The other clock was read at the middle of the exchange, to within half its duration.
std::vector<ClockOffset> compare_clocks(Coordinator& coordinator, Facts const& facts) {
  std::vector<ClockOffset> offsets;
  Order const order{.kind = Order::Kind::clock, .path = {}, .text = {}, .rounds = 0};
  for (auto const& host : by_host(facts)) {
    if (host.front()->rank == 0) {
      offsets.push_back({host.front()->host, 0, 0});
      continue;
    }
    auto const before = execute(order, 0).seconds;
    auto const theirs = coordinator.ask_one(host.front()->rank, order);
    auto const after = execute(order, 0).seconds;
    if (theirs) offsets.push_back({host.front()->host, theirs->seconds - (before + after) / 2, (after - before) / 2});
  }
  return offsets;
}

Facts gather_at_root(parallel::Communicator const& world, Settings const& settings) {
  Coordinator coordinator(world, settings.timeout);
  Facts facts;
  auto own = own_report(world, settings);
  auto const reports = coordinator.reports();
  if (own.contains("hangs")) {
    facts.unresponsive.push_back({0, own.at("host"), own.at("hangs")});
    RankFacts self;
    self.size = world.size();
    self.host = own.at("host");
    self.environment = settings.environment;
    self.mpi = settings.mpi;
    own = Json(self);
  }
  facts.ranks.push_back(own.get<RankFacts>());
  for (auto const& [rank, report] : reports) {
    if (report.contains("hangs")) coordinator.lose(rank, report.at("host"), report.at("hangs"));
    else facts.ranks.push_back(report.get<RankFacts>());
  }
  for (auto const& rank : facts.ranks) coordinator.set_host(rank.rank, rank.host);
  facts.clocks = compare_clocks(coordinator, facts);
  facts.srun_mpi_list = ask_srun(settings.environment);
  facts.folder = try_folder(settings.out, [&](Order const& order) { return coordinator.ask(order); }, settings.cleanup);
  coordinator.dismiss();
  for (auto const& lost : coordinator.unresponsive()) facts.unresponsive.push_back(lost);
  return facts;
}

void serve_root(parallel::Communicator const& world, Settings const& settings) {
  auto const report = own_report(world, settings);
  world.send(0, 0, report.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (report.contains("hangs")) return;
  // Rank 0 may wait for several other ranks, one after another, and for srun.
  auto const timeout = Seconds(60 + 6 * settings.timeout);
  for (auto last_message = Clock::now();;) {
    auto const message = world.try_receive();
    if (!message) {
      if (Clock::now() - last_message > timeout)
        throw errors::machine("rank 0 no longer responds", "no message from it for minutes",
                              "Check its node, or exclude it: sbatch --exclude=NODE");
      yield_core();
      continue;
    }
    last_message = Clock::now();
    auto const order = order_from(message->bytes);
    if (order.kind == Order::Kind::end) return;
    world.send(
        0, message->tag,
        Json(answer_to(order, world.rank(), settings.timeout)).dump(-1, ' ', false, Json::error_handler_t::replace));
  }
}

}  // namespace

Facts gather_facts(parallel::Communicator const& world, Settings const& settings) {
  if (world.rank() == 0) return gather_at_root(world, settings);
  serve_root(world, settings);
  return {};
}

}  // namespace mambasynth::doctor
