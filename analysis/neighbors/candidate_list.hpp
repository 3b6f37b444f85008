#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mambasynth::analysis::neighbors {

/// From a stream of values, each off by at most `error`, keeps all that may be among the k smallest true values: those
/// up to the k-th smallest (or slightly more) plus twice the error.
class CandidateList {
 public:
  /// One call of offer() passes at most `longest_offer` values.
  CandidateList(std::int64_t k, std::int64_t longest_offer);
  /// The longest list that is still worth keeping.
  [[nodiscard]] static std::int64_t most(std::int64_t k);
  void clear(double error);
  /// values[j] belongs to candidate first_index + j; infinity stands for "no candidate".
  void offer(float const* values, std::int64_t count, std::int32_t first_index);
  /// The candidates that remain.
  [[nodiscard]] std::vector<std::int32_t> const& finish();
  /// True if so many values lie within the error of each other that the list does not narrow them down.
  [[nodiscard]] bool hopeless() const { return hopeless_; }

 private:
  void shrink();
  [[nodiscard]] float limit_for(double kth) const;
  [[nodiscard]] double bucketed_kth();
  [[nodiscard]] double kth();

  std::size_t k_, size_ = 0, crowded_ = 0;
  double error_ = 0;
  float limit_ = 0;
  bool hopeless_ = false;
  std::vector<float> value_, scratch_;
  std::vector<std::int32_t> index_, result_;
};

}  // namespace mambasynth::analysis::neighbors
