#include "analysis/dimension/estimate_lists.hpp"

#include <omp.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "analysis/statistics/undefined.hpp"
#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::analysis::dimension {
namespace {

/// Each point's own influence plus the influence on others averaged over its nearest neighbors, summed by block.
std::vector<double> expected_shifts(Influence const& influence, statistics::Blocks const& blocks,
                                    NeighborLists const& lists) {
  constexpr std::int64_t averaged = 32;  // of 8 to 128, the most accurate at both small and large k
  auto const width = static_cast<std::size_t>(lists.logs.k);
  auto const near = static_cast<std::size_t>(std::min(lists.logs.k, averaged));
  std::vector<double> sum(static_cast<std::size_t>(blocks.count)), points(sum.size());
  double total = 0;
  for (std::size_t i = 0; i < influence.own.size(); ++i) {
    double around = 0;
    for (auto const j : lists.index.subspan(i * width, near))
      around += influence.on_others[static_cast<std::size_t>(j)];
    auto const value = influence.own[i] + around / static_cast<double>(near);
    auto const block = static_cast<std::size_t>(blocks.of_point[i]);
    sum[block] += value;
    ++points[block];
    total += value;
  }
  for (std::size_t b = 0; b < sum.size(); ++b) sum[b] -= total * points[b] / static_cast<double>(influence.own.size());
  return sum;
}

/// Neighbors that every point keeps when the largest block is left out.
std::int64_t always_left(std::int64_t points, statistics::Blocks const& blocks, std::int64_t excluded) {
  std::vector<std::int64_t> size(static_cast<std::size_t>(blocks.count));
  for (auto const b : blocks.of_point) ++size[static_cast<std::size_t>(b)];
  return points - 1 - excluded - *std::max_element(size.begin(), size.end());
}

/// The estimates without each block.
std::vector<Curves> without_each_block(Curves const& whole, NeighborLists const& lists, Ranks const& ranks,
                                       BlockPass const& pass, int threads) {
  std::vector<Curves> without(static_cast<std::size_t>(pass.blocks.count));
  auto const reach = std::min(ranks.reach(), always_left(lists.logs.points, pass.blocks, pass.excluded));
  progress::Count count(pass.blocks.count, "block");
  errors::StopFlag stop;
#pragma omp parallel for schedule(dynamic) num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (std::int32_t b = 0; b < pass.blocks.count; ++b) {
    if (stop.requested()) continue;
    auto const terms = point_terms_without(b, pass.blocks, lists.logs, lists.index, ranks, reach, pass.search);
    without[static_cast<std::size_t>(b)] = estimate(terms, &whole, 1);
    count.add();
  }
  stop.throw_if_requested();
  return without;
}

statistics::BlockShifts shifts_of(std::vector<double> without, std::vector<double> expected) {
  double mean = 0;
  for (auto const value : without) mean += value / static_cast<double>(without.size());
  for (auto& value : without) value = mean - value;
  return {std::move(expected), std::move(without)};
}

/// A few blocks can agree by chance; the true error is hardly ever below this fraction of the nominal one.
constexpr double least_share = 0.5;
double at_least(double least, double error) { return error < least ? least : error; }

}  // namespace

Curves estimate(PointTerms const& terms, Curves const* near, int threads) {
  Curves found;
  for (auto const* estimator : estimators) {
    auto const e = found.estimates.size();
    auto& estimates = found.estimates.emplace_back();
    for (std::size_t at = 0; at < estimator->entries(terms.ranks); ++at)
      estimates.push_back(
          estimator->estimate(terms, at, near ? near->estimates[e][at].value : statistics::undefined, threads));
  }
  return found;
}

Curves estimate_with_blocks(LogDistances const& logs, std::span<std::int32_t const> index, Ranks const& ranks,
                            BlockPass const& pass, int threads) {
  auto const terms = point_terms(logs, ranks, threads);
  auto found = estimate(terms, nullptr, threads);
  if (pass.blocks.count < 2) return found;
  NeighborLists const lists{logs, index};
  auto const without = without_each_block(found, lists, ranks, pass, threads);
  for (std::size_t e = 0; e < estimators.size(); ++e) {
    auto& of_estimator = found.shifts.emplace_back();
    for (std::size_t at = 0; at < found.estimates[e].size(); ++at) {
      auto& estimate = found.estimates[e][at];
      std::vector<double> values, expected(without.size());
      for (auto const& one : without) values.push_back(one.estimates[e][at].value);
      if (auto const influence = estimators[e]->influence)
        expected = expected_shifts(influence(terms, at, estimate, lists), pass.blocks, lists);
      of_estimator.push_back(shifts_of(std::move(values), std::move(expected)));
      estimate.se_blocks = at_least(least_share * estimate.se, of_estimator.back().error());
    }
  }
  return found;
}

}  // namespace mambasynth::analysis::dimension
