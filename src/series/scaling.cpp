#include "series/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace mambasynth::series {
namespace {

/// Calls visit(step) for each step that a window covers, in order, once.
void for_each_covered(std::vector<std::int64_t> const& ascending, std::int64_t length,
                      std::function<void(std::int64_t step)> const& visit) {
  std::int64_t next = 0;
  for (auto const start : ascending) {
    for (auto step = std::max(next, start); step < start + length; ++step) visit(step);
    next = std::max(next, start + length);
  }
}

}  // namespace

void Scaling::apply(std::span<float> x) const {
  for (std::size_t i = 0; i < x.size() && !empty(); ++i) {
    auto const c = i % mean.size();
    x[i] = static_cast<float>((static_cast<double>(x[i]) - mean[c]) / std[c]);
  }
}

void Scaling::undo(std::span<float> z) const {
  for (std::size_t i = 0; i < z.size() && !empty(); ++i) {
    auto const c = i % mean.size();
    z[i] = static_cast<float>(static_cast<double>(z[i]) * std[c] + mean[c]);
  }
}

Scaling scaling_of(std::span<float const> x, std::int64_t channels, std::vector<std::int64_t> starts,
                   std::int64_t length) {
  std::sort(starts.begin(), starts.end());
  auto const width = static_cast<std::size_t>(channels);
  Scaling scaling{std::vector<double>(width), std::vector<double>(width)};
  double count = 0;
  auto const value = [&](std::int64_t step, std::size_t c) {
    return static_cast<double>(x[static_cast<std::size_t>(step) * width + c]);
  };
  for_each_covered(starts, length, [&](std::int64_t step) {
    ++count;
    for (std::size_t c = 0; c < width; ++c) scaling.mean[c] += value(step, c);
  });
  for (auto& mean : scaling.mean) mean /= count;
  for_each_covered(starts, length, [&](std::int64_t step) {
    for (std::size_t c = 0; c < width; ++c) {
      auto const deviation = value(step, c) - scaling.mean[c];
      scaling.std[c] += deviation * deviation;
    }
  });
  constexpr double rounding = 1e-7;  // of single precision, relative
  for (std::size_t c = 0; c < width; ++c) {
    scaling.std[c] = std::sqrt(scaling.std[c] / count);
    if (scaling.std[c] <= rounding * std::abs(scaling.mean[c])) scaling.std[c] = 1;
  }
  return scaling;
}

std::string note_on_scales(Scaling const& scales) {
  constexpr double small = 0.1, large = 10;
  if (scales.empty()) return {};
  auto const [least, most] = std::minmax_element(scales.std.begin(), scales.std.end());
  double offset = 0;
  for (auto const mean : scales.mean) offset = std::max(offset, std::abs(mean));
  if (*least >= small && *most <= large && offset <= large) return {};
  return fmt::format(
      "note: the channels have standard deviations from {:.3g} to {:.3g} and means up to {:.3g}, and the usual "
      "learning "
      "rates expect values of about 1. --standardise scales each channel.",
      *least, *most, offset);
}

}  // namespace mambasynth::series
