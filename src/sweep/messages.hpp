#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/process.hpp"
#include "sweep/trial.hpp"

/// What manager and workers say to each other, and as bytes (MessagePack: small, and names of files arrive as they
/// are).
namespace mambasynth::sweep {

/// From the manager.
struct Order {
  enum class Kind { run, stop, quit };
  Kind kind = Kind::quit;
  std::size_t trial = 0;         ///< run: the manager's number for it
  PlannedTrial planned = {};     ///< run
  std::string folder = {};       ///< run: DIR/trials/ID
  std::string data = {};         ///< run
  int threads = 1;               ///< run
  std::vector<int> ranks = {};   ///< run: that train it together, the first leads; empty: this one alone
  std::int64_t group = 0;        ///< run: the group's number
  std::int64_t micro_batch = 0;  ///< run
  double timeout = 0;            ///< run: seconds that the trial may take, 0 = no limit
  int slot = 0;                  ///< run: of the rank; stop and quit mean all of its slots
  int exit_code = 0;             ///< quit
  bool ranks_lost = false;       ///< quit: nobody can wait for everybody any more
};

/// From a worker.
struct Report {
  enum class Kind { ready, started, epoch, ended, stop, alive, note };
  Kind kind = Kind::ready;
  int slot = 0;  ///< of the rank that reports
  std::size_t trial = 0;
  store::Process process = {};   ///< started: the worker's
  EpochMark mark = {};           ///< epoch
  State state = State::missing;  ///< ended
  std::string reason = {};       ///< ended; stop: the signal; note: a line for the user
  double seconds = 0;            ///< ended
  bool machine = false;          ///< ended: the machine's fault (full disk), errors::machine
};

std::string to_bytes(Order const& order);
std::string to_bytes(Report const& report);
/// Errors: std::runtime_error for bytes that are no such message (ranks of different versions).
Order order_from(std::string const& bytes);
Report report_from(std::string const& bytes);

}  // namespace mambasynth::sweep
