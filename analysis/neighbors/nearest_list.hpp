#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

namespace mambasynth::analysis::neighbors {

/// The k smallest of a stream of squared distances, which arrives in the order of the candidates' indices; ties keep
/// that order. std::nth_element and std::sort take three times as long here, since they mispredict half of their
/// branches on random input; the partitions here have no branches.
class NearestList {
 public:
  /// One call of offer() passes at most `longest_offer` values.
  NearestList(std::int64_t k, std::int64_t longest_offer);
  void clear();
  /// squared[j] belongs to candidate first_index + j; NaN stands for "no candidate".
  void offer(double const* squared, std::int64_t count, std::int64_t first_index);
  /// Alternatively, takes all candidates at once, in any order; at most `longest_offer` more than k.
  void take(std::span<double const> squared, std::span<std::int32_t const> index);
  /// Writes k distances (not squared) and indices, nearest first; false when fewer than k candidates were finite.
  [[nodiscard]] bool finish(double* distance, std::int32_t* index);

 private:
  using Position = std::ptrdiff_t;
  /// Of candidates at two positions; the bits of non-negative doubles are ordered as the doubles are.
  [[nodiscard]] bool before(Position a, Position b) const {
    // Without branches: which of two candidates is nearer cannot be predicted.
    return (int{key_[a] < key_[b]} | (int{key_[a] == key_[b]} & int{index_[a] < index_[b]})) != 0;
  }
  void swap(Position a, Position b);
  Position partition(Position first, Position last);
  void sort(Position first, Position last);
  void shrink();
  /// Shrinking costs time proportional to the length of the list, so it should be rare; but a long list has a loose
  /// threshold.
  [[nodiscard]] Position crowded() const { return 3 * k_ + 32; }

  Position k_;
  Position size_ = 0;
  double threshold_ = std::numeric_limits<double>::infinity();
  // Two arrays: a pair written as 8 + 4 bytes and read back as 16 would stall on the store each time.
  std::unique_ptr<std::uint64_t[]> key_;
  std::unique_ptr<std::int32_t[]> index_;
  std::unique_ptr<std::uint64_t[]> more_key_;  ///< scratch of partition()
  std::unique_ptr<std::int32_t[]> more_index_;
};

}  // namespace mambasynth::analysis::neighbors
