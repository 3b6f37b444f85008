#include "progress/pace.hpp"

#include <algorithm>

namespace mambasynth::progress {
namespace {

constexpr double shortest_elapsed = 1;        // before that, the rate is mostly that of the start
constexpr double shortest_window = 5;         // the recent rate is over this many seconds,
constexpr double window_share = 1.0 / 3;      // or over this share of the time since the start
constexpr double samples_in_elapsed = 200;    // bounds what is kept of a loop of hours
constexpr double steady_elapsed = 3;          // no time left is shown earlier,
constexpr std::size_t steady_changes = 4;     // nor before so many changes,
constexpr double steady_ratio = 1.5;          // nor if the recent and the whole rate differ by more,
constexpr double longest_gap_in_changes = 3;  // nor if the last change was this many average changes ago

}  // namespace

void Pace::restart(double time, double done) {
  first_ = {time, done};
  changes_.assign(1, first_);
  count_ = 0;
}

void Pace::add(double time, double done) {
  // Only changes count: between two of them, a loop of few long iterations would seem to slow down.
  if (changes_.empty()) return restart(time, done);
  if (done <= changes_.back().done) return;
  ++count_;
  if (changes_.size() > 1 && time - changes_[changes_.size() - 2].time < elapsed() / samples_in_elapsed)
    changes_.back() = {time, done};
  else changes_.push_back({time, done});
  auto const window = std::max(shortest_window, elapsed() * window_share);
  while (changes_.size() > 2 && changes_[1].time <= time - window) changes_.pop_front();
}

std::optional<double> Pace::rate() const {
  if (changes_.size() < 2 || elapsed() < shortest_elapsed) return std::nullopt;
  auto const& oldest = changes_.front();
  return (changes_.back().done - oldest.done) / (changes_.back().time - oldest.time);
}

std::optional<double> Pace::seconds_left(double time, double total) const {
  auto const recent = rate();
  if (!recent || elapsed() < steady_elapsed || count_ < steady_changes) return std::nullopt;
  auto const whole = (changes_.back().done - first_.done) / elapsed();
  if (*recent > whole * steady_ratio || *recent * steady_ratio < whole) return std::nullopt;
  auto const since_change = time - changes_.back().time;
  if (since_change > longest_gap_in_changes * elapsed() / static_cast<double>(count_) + shortest_elapsed)
    return std::nullopt;
  return std::max(0.0, (total - changes_.back().done) / *recent - since_change);
}

}  // namespace mambasynth::progress
