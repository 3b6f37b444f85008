#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "doctor/facts.hpp"

/// Whether results can be written to a folder, tested with the same calls that write results.
namespace mambasynth::doctor {

/// What rank 0 orders all ranks to do in the folder at the same time.
struct Order {
  enum class Kind { clock, read, link, end } kind = Kind::end;
  std::string path;  ///< read: the file; link: the folder
  std::string text;  ///< read: the expected contents of the file
  int rounds = 0;    ///< link
};
std::string to_text(Order const& order);
Order order_from(std::string const& text);

/// Executes a rank's part of the order. `read` retries for `timeout` seconds; `clock` returns the time.
Attempt execute(Order const& order, int rank, double timeout = 5);

/// Removes a folder when the process receives SIGTERM, SIGINT, SIGUSR2 or SIGHUP, then ends it. Construct it before MPI
/// and any thread start, so that they inherit the blocked signals.
class CleanupOnSignal {
 public:
  CleanupOnSignal();
  CleanupOnSignal(CleanupOnSignal const&) = delete;
  CleanupOnSignal& operator=(CleanupOnSignal const&) = delete;
  ~CleanupOnSignal();
  /// Sets the folder to remove; empty: none.
  void watch(std::string const& folder);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The absolute path of the nearest existing folder at or above `wanted`.
std::string nearest_existing(std::string const& wanted);

/// Tests `out`, or the nearest existing folder above it, and leaves nothing behind. `ask` has all ranks execute an
/// order.
FolderFacts try_folder(std::string const& out, std::function<std::vector<Attempt>(Order const&)> const& ask,
                       CleanupOnSignal* cleanup);

}  // namespace mambasynth::doctor
