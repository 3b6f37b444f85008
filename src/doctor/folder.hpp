#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "doctor/facts.hpp"

/// Whether results can go to a folder, tried with the calls that results are written with.
namespace mambasynth::doctor {

/// What rank 0 wants every rank to do in the folder at once.
struct Order {
  enum class Kind { clock, see, link, end } kind = Kind::end;
  std::string path;  ///< see: the file; link: the folder
  std::string text;  ///< see: what the file must hold
  int rounds = 0;    ///< link
};
std::string to_text(Order const& order);
Order order_from(std::string const& text);

/// Does a rank's part. `see` looks for `patience` seconds; `clock` answers with the time.
Attempt carry_out(Order const& order, int rank, double patience = 5);

/// Removes a folder when the process is told to end (SIGTERM, SIGINT, SIGUSR2, SIGHUP), then ends it. Make it before
/// MPI and any thread start, so that they leave the signals to it.
class Cleaner {
 public:
  Cleaner();
  Cleaner(Cleaner const&) = delete;
  Cleaner& operator=(Cleaner const&) = delete;
  ~Cleaner();
  /// The folder to remove; empty: none any more.
  void watch(std::string const& folder);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The nearest folder at or above `wanted` that exists, absolute.
std::string nearest_existing(std::string const& wanted);

/// Tries `out` (the nearest folder above it that exists: nothing is left behind). `ask` has all ranks carry out an
/// order.
FolderFacts try_folder(std::string const& out, std::function<std::vector<Attempt>(Order const&)> const& ask,
                       Cleaner* cleaner);

}  // namespace mambasynth::doctor
