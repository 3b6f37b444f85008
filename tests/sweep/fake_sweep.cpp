// The real dispatcher with trials that only sleep: fake_sweep SWEEP.toml DIR [options of run_sweep] [faults].
// A trial has model.d_model epochs of `--epoch-ms`; with model.d_state 13 it throws, 14 diverges, 15 wrongly reports
// done, 16 throws once. Each epoch is saved in resume.pt and recorded in DIR/../epochs.txt, so that a test sees what
// was computed and how often.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "errors/errors.hpp"
#include "parallel/session.hpp"
#include "store/atomic_file.hpp"
#include "sweep/run_sweep.hpp"

using namespace mambasynth;
namespace fs = std::filesystem;

namespace {

struct Faults {
  int kill_rank = -1;
  std::int64_t kill_epoch = 0;
  int signal = 0;  ///< sent by `kill_rank` to itself instead of SIGKILL
  int epoch_ms = 5;
};

void append_line(fs::path const& file, std::string const& line) {
  int const descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  (void)!::write(descriptor, line.data(), line.size());
  ::close(descriptor);
}

sweep::TrialOutcome fake_trial(sweep::PlannedTrial const& planned, sweep::TrialContext& context, int rank,
                               Faults const& faults, std::string const& code) {
  if (!fs::exists(context.data)) throw std::runtime_error("the series was not prepared: " + context.data.string());
  auto const epochs = planned.trial.model.d_model;
  std::int64_t done = 0;
  std::ifstream(context.folder / "resume.pt") >> done;
  for (auto epoch = done + 1; epoch <= epochs; ++epoch) {
    if (context.stop_requested()) return {sweep::State::preempted, "asked to stop"};
    std::this_thread::sleep_for(std::chrono::milliseconds(faults.epoch_ms));
    if (rank == faults.kill_rank && epoch == faults.kill_epoch) std::raise(faults.signal ? faults.signal : SIGKILL);
    store::write_atomically(context.folder / "resume.pt", std::to_string(epoch));
    append_line(context.folder.parent_path().parent_path().parent_path() / "epochs.txt",
                planned.id + " " + std::to_string(epoch) + "\n");
    context.log("epoch " + std::to_string(epoch) + "/" + std::to_string(epochs));
    context.epoch({epoch, epochs, 1.0 / static_cast<double>(epoch), 2.0 / static_cast<double>(epoch)});
    if (planned.trial.model.d_state == 16 && !fs::exists(context.folder / "tried")) {
      append_line(context.folder / "tried", "rank " + std::to_string(rank));
      throw std::runtime_error("sixteen states need two tries");
    }
    if (planned.trial.model.d_state == 13) throw std::runtime_error("thirteen states bring no luck");
  }
  auto const state = planned.trial.model.d_state == 14 ? sweep::State::diverged : sweep::State::done;
  if (planned.trial.model.d_state != 15)
    store::write_atomically(context.folder / "trial.h5",
                            planned.id + " " + std::string(name_of(state)) + " " + code + "\n");
  fs::remove(context.folder / "resume.pt");
  return {state, state == sweep::State::done ? "" : "the loss is not finite"};
}

std::optional<sweep::CommittedTrial> committed(fs::path const& file, std::string const& id) {
  std::ifstream stream(file);
  std::string found, state, code;
  stream >> found >> state >> code;
  auto const named = sweep::state_named(state);
  if (found != id || !named) return std::nullopt;
  return sweep::CommittedTrial(*named, code);
}

}  // namespace

int main(int argc, char** argv) {
  sweep::SweepOptions options;
  options.sweep_file = argv[1];
  options.out = argv[2];
  Faults faults;
  int prepare_ms = 0;
  bool prepare_fails = false;
  for (int i = 3; i < argc; ++i) {
    std::string const name = argv[i];
    auto const value = [&] { return std::atoi(argv[++i]); };
    if (name == "--dry-run") options.dry_run = true;
    else if (name == "--take-over") options.take_over = true;
    else if (name == "--kill-rank") faults.kill_rank = value();
    else if (name == "--kill-epoch") faults.kill_epoch = value();
    else if (name == "--signal") faults.signal = value();
    else if (name == "--epoch-ms") faults.epoch_ms = value();
    else if (name == "--prepare-ms") prepare_ms = value();
    else if (name == "--prepare-fails") prepare_fails = true;
    else if (name == "--slots") options.slots = value();
    else if (name == "--walltime") options.walltime = std::atof(argv[++i]);
    else if (name == "--code") options.code = argv[++i];
    else if (name == "--mixed") options.allow_mixed_code = true;
    else if (name == "--set") options.set.emplace_back(argv[++i]);
    else return 99;
  }
  parallel::Session session;
  auto const rank = session.world().rank();
  sweep::Hooks hooks;
  hooks.run = [&](auto const& planned, auto& context) {
    return fake_trial(planned, context, rank, faults, options.code);
  };
  hooks.prepare = [&](config::Data const&, fs::path const& folder) {
    if (prepare_fails) throw errors::machine("cannot write the series", "No space left on device", "Make room");
    std::this_thread::sleep_for(std::chrono::milliseconds(prepare_ms));
    append_line(folder / "series.txt", "prepared\n");
    return folder / "series.txt";
  };
  hooks.identify = [](config::Data const&) -> sweep::DataIdentity { throw std::logic_error("no foreign series here"); };
  hooks.committed = committed;
  return session.run([&] { return sweep::run_sweep(options, hooks, session); });
}
