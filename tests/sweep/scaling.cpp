// The overhead of a sweep of many trials on many ranks: the real plan, scheduler, manager and ledger with simulated
// workers. scaling [trials] [workers]: prints the table of jobs/SCALING.md.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>

#include "sweep/makespan.hpp"
#include "sweep/manager.hpp"
#include "sweep/plan.hpp"

using namespace mambasynth;
using Clock = std::chrono::steady_clock;

namespace {

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Workers that reply immediately: a trial starts, reports one epoch and is done. Counts the messages.
class InstantHub : public sweep::ManagerHub {
 public:
  explicit InstantHub(int workers) : workers_(workers) {
    for (int worker = 0; worker < workers; ++worker) reports_.emplace_back(worker, sweep::to_bytes(sweep::Report{}));
  }
  [[nodiscard]] int ranks() const override { return workers_; }
  void send(int worker, sweep::Order const& sent) override {
    auto const bytes = sweep::to_bytes(sent);
    ++messages;
    bytes_sent += bytes.size();
    if (sent.kind != sweep::Order::Kind::run) return;
    sweep::Report report;
    report.kind = sweep::Report::Kind::started;
    report.trial = sent.trial;
    report.process.host = "node0042";
    add(worker, report);
    report.kind = sweep::Report::Kind::epoch;
    report.mark = {500, 500, 7.8, 7.9};
    add(worker, report);
    report.kind = sweep::Report::Kind::ended;
    report.state = sweep::State::done;
    report.seconds = 30;
    add(worker, report);
    add(worker, {});
  }
  std::optional<std::pair<int, sweep::Report>> poll() override {
    if (reports_.empty()) return std::nullopt;
    auto const [worker, bytes] = std::move(reports_.front());
    reports_.pop_front();
    ++messages;
    return std::pair{worker, sweep::report_from(bytes)};
  }
  std::size_t messages = 0, bytes_sent = 0;

 private:
  void add(int worker, sweep::Report const& report) { reports_.emplace_back(worker, sweep::to_bytes(report)); }
  int workers_;
  std::deque<std::pair<int, std::string>> reports_;
};

/// Costs of a sweep over d_state 16, 32, 64 and one or seven horizons, each run within 5 % of its estimate.
tests::Makespan simulate(std::size_t trials, int workers, double dispatch_seconds) {
  constexpr double seconds_of[] = {22, 28, 47, 33, 40, 62};
  std::mt19937 random(1);
  std::vector<double> expected, taken;
  for (std::size_t i = 0; i < trials; ++i) {
    expected.push_back(seconds_of[i % 6]);
    taken.push_back(expected.back() * std::uniform_real_distribution(0.95, 1.05)(random));
  }
  return tests::makespan(expected, taken, workers, dispatch_seconds);
}

}  // namespace

int main(int argc, char** argv) {
  auto const trials = static_cast<std::size_t>(argc > 1 ? std::atoll(argv[1]) : 100000);  // rounded to hundreds
  auto const workers = argc > 2 ? std::atoi(argv[2]) : 1024;
  constexpr std::size_t factors = 100;
  auto const list = [](std::size_t count, double unit) {
    std::string text;
    for (std::size_t i = 1; i <= count; ++i)
      text += (i > 1 ? ", " : "") + (unit == 1 ? std::to_string(i) : std::to_string(unit * static_cast<double>(i)));
    return "[" + text + "]";
  };
  auto const text = "[sweep]\nname = \"scaling\"\nseeds = " + list(trials / factors, 1) +
                    "\n[[sweep.axis]]\n\"train.gate_lr_factor\" = " + list(factors, 0.01) + "\n";

  auto begin = Clock::now();
  auto const plan = sweep::make_plan(sweep::parse_sweep(text, "scaling.toml"), "bf16", {});
  auto const planning = since(begin);

  auto pattern = (std::filesystem::temp_directory_path() / "mambasynth-scaling-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) return 1;
  std::filesystem::path const folder = pattern;
  begin = Clock::now();
  sweep::write_plan(plan, folder);
  auto const writing = since(begin);

  sweep::Ledger ledger(folder / "events.jsonl");
  InstantHub hub(workers);
  sweep::ManagerSettings settings;
  settings.folder = folder;
  for (auto const& planned : plan.trials) settings.data[planned.data_hash] = folder / "data";
  settings.signal = [] { return 0; };
  settings.lock_lost = [] { return false; };
  settings.log = [](std::string const&) {};
  settings.show_progress = [](double, std::string const&) {};
  sweep::Manager manager(plan, {}, hub, ledger, settings);
  begin = Clock::now();
  auto const code = manager.run();
  auto const dispatching = since(begin);
  auto const ledger_bytes = std::filesystem::file_size(folder / "events.jsonl");

  begin = Clock::now();
  auto const events = sweep::read_ledger(folder / "events.jsonl").size();
  auto const reading = since(begin);

  auto const each = dispatching / static_cast<double>(trials);
  std::printf("trials %zu, workers %d, exit code %d\n", trials, workers, code);
  std::printf("plan                       %8.2f s\n", planning);
  std::printf("plan.csv, sweep.toml       %8.2f s\n", writing);
  std::printf(
      "manager, per trial         %8.3f ms  (%.2f s in total; %.1f messages and %.0f bytes of orders per trial)\n",
      1e3 * each, dispatching, static_cast<double>(hub.messages) / static_cast<double>(trials),
      static_cast<double>(hub.bytes_sent) / static_cast<double>(trials));
  std::printf("ledger                     %8.1f MB, read back in %.2f s (%zu events)\n",
              static_cast<double>(ledger_bytes) / 1e6, reading, events);
  for (auto const cost : {each, 2e-3}) {
    auto const [seconds, bound] = simulate(trials, workers, cost);
    std::printf("simulated makespan         %8.0f s at %.3f ms per dispatch, %.2f %% above the lower bound\n", seconds,
                1e3 * cost, 100 * (seconds / bound - 1));
  }
  std::filesystem::remove_all(folder);
  return code;
}
