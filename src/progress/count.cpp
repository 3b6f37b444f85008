#include "progress/count.hpp"

#include <utility>

#include "progress/tracker.hpp"

namespace mambasynth::progress {

Count::Count(std::int64_t total, char const* unit) : total_(total), unit_(unit), tracker_(Tracker::of_this_thread()) {
  if (tracker_ != nullptr) tracker_->enter(*this);
}

Count::~Count() {
  if (tracker_ != nullptr) tracker_->leave(*this);
}

Stage::Stage(std::string name) : tracker_(Tracker::of_this_thread()) {
  if (tracker_ != nullptr) before_ = tracker_->begin(std::move(name));
}

Stage::~Stage() {
  if (tracker_ != nullptr) (void)tracker_->begin(std::move(before_));
}

}  // namespace mambasynth::progress
