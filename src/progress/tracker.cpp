#include "progress/tracker.hpp"

#include <algorithm>
#include <utility>

namespace mambasynth::progress {
namespace {

thread_local Tracker* current = nullptr;

}  // namespace

Tracker::Tracker(std::string task, std::vector<std::string> stages)
    : task_(std::move(task)), stages_(std::move(stages)) {}

Tracker* Tracker::of_this_thread() { return current; }
void Tracker::set_for_this_thread(Tracker* tracker) { current = tracker; }

std::string Tracker::begin(std::string stage) {
  std::scoped_lock const guard(mutex_);
  if (!stage.empty() && std::find(stages_.begin(), stages_.end(), stage) == stages_.end()) stages_.push_back(stage);
  new_stage_ = new_loop_ = true;
  return std::exchange(stage_, std::move(stage));
}

void Tracker::enter(Count& count) {
  std::scoped_lock const guard(mutex_);
  count.outer_ = std::exchange(innermost_, &count);
  if (count.outer_ != nullptr) return;
  outermost_ = &count;
  new_loop_ = true;
}

void Tracker::leave(Count& count) {
  std::scoped_lock const guard(mutex_);
  innermost_ = count.outer_;
  if (innermost_ == nullptr) outermost_ = nullptr;
}

double Tracker::share() const {
  double within = 0;
  for (auto const* count = innermost_; count != nullptr; count = count->outer_) {
    auto const done = static_cast<double>(count->done_.load(std::memory_order_relaxed)) + within;
    within = count->total_ > 0 ? std::clamp(done / static_cast<double>(count->total_), 0.0, 1.0) : 1.0;
  }
  return within;
}

Snapshot Tracker::snapshot(double time) {
  std::scoped_lock const guard(mutex_);
  if (std::exchange(new_stage_, false)) stage_began_ = time;
  auto const place = std::find(stages_.begin(), stages_.end(), stage_);
  Snapshot snapshot{.task = task_,
                    .stage = stage_,
                    .number = place == stages_.end() ? 0 : static_cast<std::size_t>(place - stages_.begin()) + 1,
                    .stages = stages_.size(),
                    .seconds = time - stage_began_};
  if (outermost_ == nullptr) return snapshot;
  auto const total = static_cast<double>(outermost_->total_);
  bool const restarts = std::exchange(new_loop_, false);
  // A second loop within an iteration would set it back.
  shown_share_ = restarts ? share() : std::max(shown_share_, share());
  if (restarts) pace_.restart(time, shown_share_ * total);
  else pace_.add(time, shown_share_ * total);
  snapshot.share = shown_share_;
  snapshot.done = std::min(outermost_->done_.load(std::memory_order_relaxed), outermost_->total_);
  snapshot.total = outermost_->total_;
  snapshot.unit = outermost_->unit_;
  snapshot.rate = pace_.rate();
  snapshot.seconds_left = pace_.seconds_left(time, total);
  return snapshot;
}

}  // namespace mambasynth::progress
