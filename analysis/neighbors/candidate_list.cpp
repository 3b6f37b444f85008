#include "analysis/neighbors/candidate_list.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace mambasynth::analysis::neighbors {
namespace {

/// Shrinking costs time proportional to the length of the list, so it should be rare; but a long list has a loose
/// limit.
std::size_t roomy(std::size_t k) { return 3 * k + 32; }
/// Beyond this length, computing every distance in double costs less than the list saves.
std::size_t too_long(std::size_t k) { return 8 * k + 1024; }

}  // namespace

CandidateList::CandidateList(std::int64_t k, std::int64_t longest_offer) : k_(static_cast<std::size_t>(k)) {
  auto const most = too_long(k_) + static_cast<std::size_t>(longest_offer);
  value_.resize(most);
  index_.resize(most);
}

std::int64_t CandidateList::most(std::int64_t k) {
  return static_cast<std::int64_t>(too_long(static_cast<std::size_t>(k)));
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
  constexpr std::int64_t group = 16;  // once the limit is tight, most groups hold no candidate and one test skips them
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
  auto limit = limit_for(bucketed_kth());
  auto const kept_by = [&](float most) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i) kept += value_[i] <= most;
    return kept;
  };
  if (auto const kept = kept_by(limit); kept < k_ || kept > k_ + k_ / 4 + 32) limit = limit_for(kth());
  limit_ = std::min(limit_, limit);
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

float CandidateList::limit_for(double kth) const {
  return std::nextafter(static_cast<float>(kth + 2 * error_), std::numeric_limits<float>::max());
}

/// The k-th smallest value or a little more: the upper end of its bucket. Takes a fifth of the time of
/// std::nth_element, which mispredicts half of its branches; no branch here depends on the values.
double CandidateList::bucketed_kth() {
  constexpr std::size_t buckets = 256, lanes = 8;
  float least[lanes], most[lanes];
  std::fill_n(least, lanes, value_[0]);
  std::fill_n(most, lanes, value_[0]);
  for (std::size_t i = 0; i + lanes <= size_; i += lanes) {
    for (std::size_t l = 0; l < lanes; ++l) {
      least[l] = value_[i + l] < least[l] ? value_[i + l] : least[l];
      most[l] = value_[i + l] > most[l] ? value_[i + l] : most[l];
    }
  }
  for (auto i = size_ / lanes * lanes; i < size_; ++i) {
    least[0] = std::min(least[0], value_[i]);
    most[0] = std::max(most[0], value_[i]);
  }
  auto const low = *std::min_element(least, least + lanes), high = *std::max_element(most, most + lanes);
  if (!(high > low)) return high;
  auto const scale = static_cast<float>(buckets - 1) / (high - low);
  if (!std::isfinite(scale)) return high;
  std::array<std::uint32_t, buckets + 1> count{};
  for (std::size_t i = 0; i < size_; ++i) ++count[static_cast<std::size_t>((value_[i] - low) * scale)];
  std::size_t seen = 0, bucket = 0;
  while ((seen += count[bucket]) < k_) ++bucket;
  constexpr double rounding = 1e-3;  // of a bucket; the scaled value has 24 bits
  return static_cast<double>(low) + (static_cast<double>(bucket) + 1 + rounding) / static_cast<double>(scale);
}

double CandidateList::kth() {
  scratch_.assign(value_.begin(), value_.begin() + static_cast<std::ptrdiff_t>(size_));
  auto const kth = scratch_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
  std::nth_element(scratch_.begin(), kth, scratch_.end());
  return static_cast<double>(*kth);
}

}  // namespace mambasynth::analysis::neighbors
