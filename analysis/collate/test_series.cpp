#include "analysis/collate/test_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "analysis/collate/by_seed.hpp"
#include "analysis/statistics/student_t.hpp"
#include "analysis/trial_file/test_blocks.hpp"

namespace mambasynth::analysis::collate {
namespace {

/// The optimum at each horizon and block: it depends only on the series, so it identifies the series.
std::vector<double> optimum_of(CollatedTrial const& trial) {
  std::vector<double> optimum;
  auto const& measures = trial.result->measures;
  for (auto const horizon : trial.result->excess_by_block.horizon) {
    optimum.push_back(measures.find(fmt::format("bayes_mse.h{}", horizon)).value_or(0));
  }
  return optimum;
}

bool equal_up_to_rounding(std::vector<double> const& a, std::vector<double> const& b) {
  constexpr double rounding = 1e-9;  // differences in arithmetic between machines
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return x == y || std::abs(x - y) <= rounding * std::abs(x); });
}

bool same_series(CollatedTrial const& a, CollatedTrial const& b) {
  auto const &of_a = a.result->excess_by_block, &of_b = b.result->excess_by_block;
  return of_a.blocks.first == of_b.blocks.first && of_a.blocks.windows == of_b.blocks.windows &&
         of_a.horizon == of_b.horizon && equal_up_to_rounding(optimum_of(a), optimum_of(b));
}

/// Of a weighted mean over blocks, as errors_over_blocks has it.
Interval over_blocks(trial_file::TestBlocks const& blocks, std::vector<double> const& values) {
  auto const count = static_cast<std::int64_t>(values.size());
  double sum = 0, windows = 0;
  for (std::size_t b = 0; b < values.size(); ++b) {
    sum += static_cast<double>(blocks.windows[b]) * values[b];
    windows += static_cast<double>(blocks.windows[b]);
  }
  auto const mean = sum / windows, se = trial_file::errors_over_blocks(blocks, values).front();
  auto const half = statistics::interval_quantile(count - 1) * se;
  return {count, mean, se * std::sqrt(static_cast<double>(count)), mean - half, mean + half};
}

}  // namespace

TestSeries test_series_of(std::vector<CollatedTrial const*> const& trials) {
  TestSeries result;
  std::vector<CollatedTrial const*> with_blocks;
  for (auto const* trial : trials)
    if (!trial->result->excess_by_block.blocks.first.empty()) with_blocks.push_back(trial);
  if (with_blocks.empty()) return result;
  auto const& [horizons, blocks, unused] = with_blocks.front()->result->excess_by_block;
  result.shared = std::all_of(with_blocks.begin(), with_blocks.end(),
                              [&](auto const* trial) { return same_series(*trial, *with_blocks.front()); });
  if (!result.shared || with_blocks.size() < trials.size() || blocks.first.size() < 2) return result;

  auto const count = blocks.first.size();
  for (std::size_t h = 0; h < horizons.size(); ++h) {
    std::vector<BySeed> of_block(count);
    for (auto const* trial : trials) {
      auto const row = trial->result->excess_by_block.excess.begin() + static_cast<std::ptrdiff_t>(h * count);
      // A trial is included in all of the means or in none.
      if (!std::all_of(row, row + static_cast<std::ptrdiff_t>(count),
                       [](double value) { return std::isfinite(value); }))
        continue;
      for (std::size_t b = 0; b < count; ++b) of_block[b].add(seed_of(*trial), row[static_cast<std::ptrdiff_t>(b)]);
    }
    if (of_block.front().values() == 0) continue;
    std::vector<double> means;
    for (auto const& block : of_block) means.push_back(block.mean());
    result.measures.emplace(fmt::format("excess_mse.h{}", horizons[h]), over_blocks(blocks, means));
  }
  return result;
}

}  // namespace mambasynth::analysis::collate
