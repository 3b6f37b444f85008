#include "analysis/candidate_list.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mambasynth::analysis {
namespace {

/// Shrinking costs as much as the list is long, so it should come seldom; but a long list has a loose limit.
std::size_t roomy(std::size_t k) { return 3 * k + 32; }
/// From that length on, distances in double for everything cost less than for the list.
std::size_t too_long(std::size_t k) { return 8 * k + 1024; }

}  // namespace

CandidateList::CandidateList(std::int64_t k, std::int64_t longest_offer) : k_(static_cast<std::size_t>(k)) {
  auto const most = too_long(k_) + static_cast<std::size_t>(longest_offer);
  value_.resize(most);
  index_.resize(most);
}

void CandidateList::clear(double error) {
  size_ = 0;
  crowded_ = roomy(k_);
  error_ = error;
  limit_ = std::numeric_limits<float>::max();
  hopeless_ = false;
}

void CandidateList::offer(float const* values, std::int64_t count, std::int32_t first_index) {
  if (hopeless_) return;
  constexpr std::int64_t group = 16;  // once the limit is tight most groups hold nothing, and one test skips them
  auto size = size_;
  auto const limit = limit_;
  for (std::int64_t first = 0; first < count; first += group) {
    auto const end = std::min(count, first + group);
    int any = 0;
    for (auto j = first; j < end; ++j) any |= values[j] <= limit;
    if (!any) continue;
    for (auto j = first; j < end; ++j) {
      value_[size] = values[j];
      index_[size] = first_index + static_cast<std::int32_t>(j);
      size += values[j] <= limit;
    }
  }
  size_ = size;
  if (size_ >= crowded_) shrink();
}

std::vector<std::int32_t> const& CandidateList::finish() {
  if (size_ > k_) shrink();
  result_.assign(index_.begin(), index_.begin() + static_cast<std::ptrdiff_t>(size_));
  return result_;
}

void CandidateList::shrink() {
  scratch_.assign(value_.begin(), value_.begin() + static_cast<std::ptrdiff_t>(size_));
  auto const kth = scratch_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
  std::nth_element(scratch_.begin(), kth, scratch_.end());
  limit_ = std::nextafter(static_cast<float>(static_cast<double>(*kth) + 2 * error_), std::numeric_limits<float>::max());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    auto const value = value_[i];
    value_[kept] = value;
    index_[kept] = index_[i];
    kept += value <= limit_;
  }
  size_ = kept;
  crowded_ = std::max(roomy(k_), 2 * size_);
  hopeless_ = crowded_ > too_long(k_);
}

}  // namespace mambasynth::analysis
