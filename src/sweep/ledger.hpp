#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/state.hpp"

/// DIR/events.jsonl: what happened, one JSON object a line, appended by the one manager of the folder. trial.h5 decides
/// what is done; the ledger tells how it came about and what runs now.
namespace mambasynth::sweep {

enum class EventKind {
  opened,      ///< a launcher took the folder: whatever ran before does not run any more
  dispatched,  ///< a trial was sent to a rank
  started,     ///< the rank began
  epoch,       ///< an epoch ended (not every one is noted)
  finished,    ///< committed, done or diverged
  failed,      ///< ended without a result; runs again with the next launch
  preempted,   ///< saved and stopped on request
  requeued,    ///< waits again: a rank was lost, or it failed and may run again
  closed,      ///< the launcher left, with `exit_code`
};
std::string_view name_of(EventKind kind);

struct Event {
  EventKind kind = EventKind::opened;
  double time = 0;         ///< seconds since 1970, the manager's clock; in the file as ISO 8601, UTC
  std::string trial = {};  ///< id; empty for opened and closed
  int rank = -1;
  int ranks = 0;          ///< opened: of the launch; dispatched: that run the trial together, `rank` leads
  int slots = 0;          ///< opened: trials that a rank runs at once, where it is more than one
  std::string host = {};  ///< opened, started
  std::string code = {};  ///< opened: commit of the program
  std::int64_t epoch = 0;
  std::int64_t epochs = 0;
  double train_mse = std::numeric_limits<double>::quiet_NaN();
  double val_mse = std::numeric_limits<double>::quiet_NaN();
  std::optional<State> state = {};  ///< finished, failed
  std::string reason = {};
  double seconds = 0;  ///< finished, failed, preempted: since started
  int exit_code = 0;   ///< closed
};

/// One line, without its end. Numbers that are not finite and empty fields are left out.
std::string to_line(Event const& event);
/// Nothing when the line is no event of ours.
std::optional<Event> from_line(std::string_view line);

/// Seconds since 1970.
double now();
/// "2026-03-01T12:00:04.250Z" and back.
std::string iso_time(double seconds);
std::optional<double> parse_iso_time(std::string_view text);

/// All events, in order; a missing file has none. A torn last line (the writer died, or is writing) and lines that are
/// no events are passed over.
std::vector<Event> read_ledger(std::filesystem::path const& file);

/// The writer. Errors: errors::machine (full disk, unwritable).
class Ledger {
 public:
  /// Opens for appending; a torn tail is cut off first.
  explicit Ledger(std::filesystem::path file);
  Ledger(Ledger const&) = delete;
  Ledger& operator=(Ledger const&) = delete;
  ~Ledger();

  /// Appends in one write; event.time is set to now where it is 0. Reaches the disk with the next sync.
  void append(Event event);
  /// fsync, when something was appended and the last one is `interval` ago.
  void sync(std::chrono::milliseconds interval = {});

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
  bool dirty_ = false;
  std::chrono::steady_clock::time_point synced_{};
};

}  // namespace mambasynth::sweep
