#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/mpirun.hpp"
#include "support/reference.hpp"
#include "sweep/ledger.hpp"
#include "sweep/plan.hpp"
#include "sweep/status.hpp"

/// The real dispatcher in its own folder, under the real launcher (fake_sweep.cpp).
namespace mambasynth::tests {

namespace fs = std::filesystem;

class Sweep {
 public:
  explicit Sweep(std::string const& text) { std::ofstream(folder_.path() / "fake.toml") << text; }
  [[nodiscard]] std::string command(int ranks, std::string const& options = "") const {
    return under_mpi(MAMBASYNTH_MPIEXEC, ranks,
                     std::string(MAMBASYNTH_PROGRAM) + " " + (folder_.path() / "fake.toml").string() + " " +
                         out().string() + " " + options);
  }
  [[nodiscard]] Finished run(int ranks, std::string const& options = "") const {
    return run_command(command(ranks, options));
  }
  /// Under a launcher that lets the other ranks continue when one dies.
  [[nodiscard]] Finished run_recovering(int ranks, std::string const& options) const {
    return run_command("timeout 60 env " +
                       under_mpi(MAMBASYNTH_MPIEXEC, ranks,
                                 std::string(MAMBASYNTH_PROGRAM) + " " + (folder_.path() / "fake.toml").string() + " " +
                                     out().string() + " " + options,
                                 "--enable-recovery"));
  }
  [[nodiscard]] fs::path out() const { return folder_.path() / "out"; }
  [[nodiscard]] std::vector<sweep::PlanTable::Row> rows() const { return sweep::read_plan(out() / "plan.csv").rows; }
  [[nodiscard]] bool committed(std::string const& id) const { return fs::exists(out() / "trials" / id / "trial.h5"); }
  /// How often each (trial, epoch) was computed.
  [[nodiscard]] std::map<std::string, int> epochs() const {
    std::map<std::string, int> times;
    std::ifstream file(folder_.path() / "epochs.txt");
    for (std::string line; std::getline(file, line);) ++times[line];
    return times;
  }
  [[nodiscard]] std::multiset<std::string> noted(sweep::EventKind kind) const {
    std::multiset<std::string> trials;
    for (auto const& event : sweep::read_ledger(out() / "events.jsonl"))
      if (event.kind == kind) trials.insert(event.trial);
    return trials;
  }
  /// Waits until the ledger has an event of this kind.
  [[nodiscard]] bool wait_for(sweep::EventKind kind) const {
    for (int i = 0; i < 1000 && noted(kind).empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return !noted(kind).empty();
  }
  /// Waits until no trial is running: on a busy machine a launcher may exit shortly before the ranks that it killed.
  [[nodiscard]] bool wait_until_idle() const {
    for (int i = 0; i < 500 && !sweep::read_status(out()).running.empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return sweep::read_status(out()).running.empty();
  }

 private:
  TemporaryFolder folder_;
};

inline std::string grid(std::string const& states, int epochs, std::string const& seeds = "[1, 2]") {
  return "[sweep]\nname = \"fake\"\nseeds = " + seeds + "\n[[sweep.axis]]\n\"model.d_state\" = " + states +
         "\n[model]\nd_model = " + std::to_string(epochs) + "\n";
}

/// A launcher in the background; the process id is the command's own (exec).
class Background {
 public:
  explicit Background(std::string const& command) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::execl("/bin/sh", "sh", "-c", ("exec env " + command + " >/dev/null 2>&1").c_str(), nullptr);
    ::_exit(127);
  }
  ~Background() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      (void)wait();
    }
  }
  void signal(int number) const { ::kill(pid_, number); }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

}  // namespace mambasynth::tests
