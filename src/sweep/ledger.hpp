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

/// DIR/events.jsonl: one JSON object per event and line, appended by the folder's only manager. trial.h5 decides which
/// trials are done; the ledger records how they got there and what is running.
namespace mambasynth::sweep {

enum class EventKind {
  opened,      ///< a launcher acquired the folder: nothing that ran before is still running
  dispatched,  ///< a trial was sent to a rank
  started,     ///< the rank began
  epoch,       ///< an epoch ended (not every epoch is recorded)
  measuring,   ///< training has ended; what it learned is being measured
  finished,    ///< committed, done or diverged
  failed,      ///< ended without a result; runs again with the next launch
  preempted,   ///< saved and stopped on request
  requeued,    ///< waiting again: a rank was lost, or the trial failed and may be retried
  closed,      ///< the launcher exited with `exit_code`
};
std::string_view name_of(EventKind kind);

struct Event {
  EventKind kind = EventKind::opened;
  double time = 0;         ///< seconds since 1970, the manager's clock; in the file as ISO 8601, UTC
  std::string trial = {};  ///< id; empty for opened and closed
  int rank = -1;
  int ranks = 0;          ///< opened: of the launch; dispatched: that run the trial together; `rank` is the root
  int slots = 0;          ///< opened: trials that a rank runs concurrently, if more than one
  std::string host = {};  ///< opened, started
  std::string code = {};  ///< opened: commit of the program
  std::string command = {}, directory = {};  ///< opened: what was typed, and where; absent in older ledgers
  std::int64_t epoch = 0;
  std::int64_t epochs = 0;
  double train_mse = std::numeric_limits<double>::quiet_NaN();
  double val_mse = std::numeric_limits<double>::quiet_NaN();
  std::optional<State> state = {};  ///< finished, failed
  std::string reason = {};
  double seconds = 0;  ///< finished, failed, preempted: since started
  int exit_code = 0;   ///< closed
};

/// One line, without the newline. Empty fields and numbers that are not finite are omitted.
std::string to_line(Event const& event);
/// Nothing if the line is not a known event.
std::optional<Event> from_line(std::string_view line);

/// Seconds since 1970.
double now();
/// "2026-03-01T12:00:04.250Z" and back.
std::string iso_time(double seconds);
std::optional<double> parse_iso_time(std::string_view text);

/// All events, in order; none if the file is missing. An incomplete last line (the writer died or is still writing) and
/// lines that are not events are skipped.
std::vector<Event> read_ledger(std::filesystem::path const& file);

/// The writer. Errors: errors::machine (full disk, unwritable).
class Ledger {
 public:
  /// Opens for appending; an incomplete last line is removed first.
  explicit Ledger(std::filesystem::path file);
  Ledger(Ledger const&) = delete;
  Ledger& operator=(Ledger const&) = delete;
  ~Ledger();

  /// Appends in one write; an event.time of 0 is set to now. Reaches the disk with the next sync.
  void append(Event event);
  /// Calls fsync if something was appended and the last fsync was at least `interval` ago.
  void sync(std::chrono::milliseconds interval = {});

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
  bool dirty_ = false;
  std::chrono::steady_clock::time_point synced_{};
};

}  // namespace mambasynth::sweep
