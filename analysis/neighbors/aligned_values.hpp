#pragma once

#include <cstdint>
#include <vector>

namespace mambasynth::analysis::neighbors {

/// Zero-initialized values aligned to a cache line, so that a 64-byte register is filled from a single line.
class AlignedValues {
 public:
  AlignedValues() = default;
  explicit AlignedValues(std::int64_t count) : lines_(static_cast<std::size_t>((count + 7) / 8)) {}

  [[nodiscard]] double* data() { return lines_.empty() ? nullptr : lines_[0].value; }
  [[nodiscard]] double const* data() const { return lines_.empty() ? nullptr : lines_[0].value; }

 private:
  struct alignas(64) Line {
    double value[8];
  };
  std::vector<Line> lines_;
};

}  // namespace mambasynth::analysis::neighbors
