#include "evaluate/controls.hpp"

#include <cmath>

#include "random/numpy_generator.hpp"

namespace mambasynth::evaluate {
namespace {

// Random streams separate from the rows' default_rng(42): numpy's default_rng([42, 1]) and so on.
constexpr std::uint64_t noise_seed = (std::uint64_t{1} << 32) | 42;
constexpr std::uint64_t shuffle_seed = (std::uint64_t{2} << 32) | 42;
constexpr std::uint64_t phase_seed = (std::uint64_t{3} << 32) | 42;

}  // namespace

std::optional<PanelRows> signal_rows(Truth const& truth, std::span<std::int64_t const> steps) {
  if (truth.circle.empty() || truth.phase.empty() || !truth.process) return {};
  auto const& process = *truth.process;
  if (process.plane.empty() || process.radius.empty() || process.period.empty() || process.drift_std > 0) return {};
  random::NumpyGenerator generator(phase_seed);
  PanelRows rows{.dims = process.channels, .values = {}};
  rows.values.reserve(steps.size() * static_cast<std::size_t>(rows.dims));
  for (auto const step : steps) {
    auto const t = static_cast<std::size_t>(step);
    auto const circle = truth.circle[t];
    auto const r = process.radius[static_cast<std::size_t>(circle)];
    auto const phase = truth.phase[t] + generator.uniform() * process.step_angle(circle);
    auto const c = r * std::cos(phase), s = r * std::sin(phase);
    auto const v1 = process.axis(circle, 0), v2 = process.axis(circle, 1);
    for (std::size_t d = 0; d < v1.size(); ++d) rows.values.push_back(static_cast<float>(c * v1[d] + s * v2[d]));
  }
  return rows;
}

PanelRows noise_rows(std::int64_t count, std::int64_t dims) {
  random::NumpyGenerator generator(noise_seed);
  PanelRows rows{.dims = dims, .values = std::vector<float>(static_cast<std::size_t>(count * dims))};
  for (auto& value : rows.values) value = static_cast<float>(generator.normal());
  return rows;
}

PanelRows shuffled_rows(PanelRows rows) {
  random::NumpyGenerator generator(shuffle_seed);
  auto const dims = static_cast<std::size_t>(rows.dims);
  auto const count = rows.values.size() / dims;
  for (std::size_t d = 0; d < dims; ++d)
    for (std::size_t i = count; i-- > 1;) {  // Fisher and Yates
      auto const j = static_cast<std::size_t>(generator.bounded(i));
      std::swap(rows.values[i * dims + d], rows.values[j * dims + d]);
    }
  return rows;
}

}  // namespace mambasynth::evaluate
