#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace mambasynth::train {

/// Windows of one series: `series` (time, channel), `starts` the first step of each, all `length` steps long.
struct Windows {
  at::Tensor series;
  std::vector<std::int64_t> starts;
  std::int64_t length = 0;

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(starts.size()); }
  /// The windows of the given numbers as one batch (window, time, channel).
  [[nodiscard]] at::Tensor gather(std::span<std::int64_t const> numbers) const;
  /// Windows first .. first + count - 1.
  [[nodiscard]] at::Tensor range(std::int64_t first, std::int64_t count) const;
};

/// What a trial trains on and is measured on. `test` is empty without an independent series.
struct DataSplits {
  Windows train, val, test;
};

}  // namespace mambasynth::train
