#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/process.hpp"
#include "sweep/trial.hpp"

/// The messages between manager and workers, encoded as MessagePack (compact, and file names arrive unchanged).
namespace mambasynth::sweep {

/// From the manager.
struct Order {
  enum class Kind { run, stop, quit };
  Kind kind = Kind::quit;
  std::size_t trial = 0;         ///< run: index in the manager's plan
  PlannedTrial planned = {};     ///< run
  std::string folder = {};       ///< run: DIR/trials/ID
  std::string data = {};         ///< run
  int threads = 1;               ///< run
  std::vector<int> ranks = {};   ///< run: that train it together, root first; empty: this rank only
  std::int64_t group = 0;        ///< run: number of the group
  std::int64_t micro_batch = 0;  ///< run
  double timeout = 0;            ///< run: time limit of the trial in seconds, 0 = none
  int slot = 0;                  ///< run: of the rank; stop and quit apply to all of its slots
  int exit_code = 0;             ///< quit
  bool ranks_lost = false;       ///< quit: some ranks will never respond again
};

/// From a worker.
struct Report {
  enum class Kind { ready, started, epoch, ended, stop, heartbeat, note, measuring };
  Kind kind = Kind::ready;
  int slot = 0;  ///< of the reporting rank
  std::size_t trial = 0;
  store::Process process = {};   ///< started: the worker's
  EpochMark mark = {};           ///< epoch
  State state = State::missing;  ///< ended
  std::string reason = {};       ///< ended; stop: the signal; note: a line for the user
  double seconds = 0;            ///< ended
  bool machine = false;          ///< ended: the machine is at fault (full disk), errors::machine
};

std::string to_bytes(Order const& order);
std::string to_bytes(Report const& report);
/// Errors: std::runtime_error for bytes that are not a valid message (ranks of different versions).
Order order_from(std::string const& bytes);
Report report_from(std::string const& bytes);

}  // namespace mambasynth::sweep
