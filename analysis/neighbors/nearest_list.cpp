#include "analysis/neighbors/nearest_list.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace mambasynth::analysis::neighbors {

NearestList::NearestList(std::int64_t k, std::int64_t longest_offer) : k_(k) {
  auto const most = static_cast<std::size_t>(crowded() + longest_offer);
  key_ = std::make_unique<std::uint64_t[]>(most);
  index_ = std::make_unique<std::int32_t[]>(most);
  more_key_ = std::make_unique<std::uint64_t[]>(most);
  more_index_ = std::make_unique<std::int32_t[]>(most);
}

void NearestList::clear() {
  size_ = 0;
  threshold_ = std::numeric_limits<double>::infinity();
}

// Strictly below the threshold: a later candidate at the threshold itself loses to the k that are kept.
void NearestList::offer(double const* squared, std::int64_t count, std::int64_t first_index) {
  constexpr std::int64_t group = 8;  // once the threshold is tight, most groups are empty and one test skips them
  auto size = size_;
  auto const take = [&](std::int64_t j) {
    key_[size] = std::bit_cast<std::uint64_t>(squared[j]);
    index_[size] = static_cast<std::int32_t>(first_index + j);
    size += squared[j] < threshold_;
  };
  std::int64_t j = 0;
  for (; j + group <= count; j += group) {
    int any = 0;
    for (std::int64_t l = 0; l < group; ++l) any |= squared[j + l] < threshold_;
    if (!any) continue;
    for (std::int64_t l = 0; l < group; ++l) take(j + l);
  }
  for (; j < count; ++j) take(j);
  size_ = size;
  if (size_ >= crowded()) shrink();
}

void NearestList::take(std::span<double const> squared, std::span<std::int32_t const> index) {
  size_ = static_cast<Position>(squared.size());
  for (Position j = 0; j < size_; ++j) {
    key_[j] = std::bit_cast<std::uint64_t>(squared[static_cast<std::size_t>(j)]);
    index_[j] = index[static_cast<std::size_t>(j)];
  }
}

bool NearestList::finish(double* distance, std::int32_t* index) {
  if (size_ < k_) return false;
  if (size_ > k_) shrink();
  sort(0, k_);
  for (Position j = 0; j < k_; ++j) {
    distance[j] = std::sqrt(std::bit_cast<double>(key_[j]));
    index[j] = index_[j];
  }
  return true;
}

void NearestList::swap(Position a, Position b) {
  std::swap(key_[a], key_[b]);
  std::swap(index_[a], index_[b]);
}

/// Partitions around the median of three; returns its final position. No two candidates compare equal.
NearestList::Position NearestList::partition(Position first, Position last) {
  auto const middle = first + (last - first) / 2;
  auto const end = last - 1;
  if (before(middle, first)) swap(middle, first);
  if (before(end, first)) swap(end, first);
  if (before(middle, end)) swap(middle, end);
  auto* const key = key_.get();
  auto* const index = index_.get();
  auto const pivot_key = key[end];
  auto const pivot_index = index[end];
  // Out of place: swapping in place would read back what was just written and stall on the store in each round.
  auto less = first;
  Position more = 0;
  for (auto at = first; at < end; ++at) {
    auto const k = key[at];
    auto const i = index[at];
    bool const is_less = (k < pivot_key) | ((k == pivot_key) & (i < pivot_index));
    key[less] = k;
    index[less] = i;
    more_key_[more] = k;
    more_index_[more] = i;
    less += is_less;
    more += !is_less;
  }
  key[less] = pivot_key;
  index[less] = pivot_index;
  std::copy_n(more_key_.get(), more, key + less + 1);
  std::copy_n(more_index_.get(), more, index + less + 1);
  return less;
}

void NearestList::sort(Position first, Position last) {
  constexpr Position few = 8;
  while (last - first > few) {
    auto const pivot = partition(first, last);
    sort(first, pivot);
    first = pivot + 1;
  }
  for (auto at = first; at < last; ++at) {
    for (auto to = at; to > first && before(to, to - 1); --to) swap(to, to - 1);
  }
}

void NearestList::shrink() {
  auto const kth = k_ - 1;
  for (Position first = 0, last = size_; last - first > 1;) {
    auto const pivot = partition(first, last);
    if (pivot == kth) break;
    if (kth < pivot) last = pivot;
    else first = pivot + 1;
  }
  size_ = k_;
  threshold_ = std::bit_cast<double>(key_[kth]);
}

}  // namespace mambasynth::analysis::neighbors
