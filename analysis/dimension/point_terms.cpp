#include "analysis/dimension/point_terms.hpp"

#include <omp.h>

#include <algorithm>

#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::dimension {
namespace {

/// Below this, waking up threads takes longer than the work.
constexpr std::size_t logarithms_worth_threads = 1 << 20;

PointTerms empty_terms(Ranks const& ranks, std::size_t points) {
  PointTerms terms{.ranks = ranks, .by_k = {}, .ratio = {}};
  for (std::size_t i = 0; i < ranks.k.size(); ++i)
    terms.by_k.push_back({std::vector<double>(points), std::vector<std::int32_t>(points),
                          std::vector<double>(points, statistics::undefined)});
  terms.ratio.assign(ranks.n1.size(), std::vector<double>(points, statistics::undefined));
  return terms;
}

/// Sums differences, not logarithms, so that equal distances give exactly 0.
void set_point(PointTerms& terms, std::size_t at, std::span<double const> log, std::int32_t zeros) {
  for (std::size_t i = 0; i < terms.by_k.size(); ++i) {
    auto const last = static_cast<std::size_t>(terms.ranks.k[i] - 1);
    if (last >= log.size()) continue;
    double sum = 0;
    for (auto j = static_cast<std::size_t>(zeros); j < last; ++j) sum += log[last] - log[j];
    auto& by_k = terms.by_k[i];
    by_k.sum[at] = sum;
    by_k.terms[at] = std::max(0, static_cast<std::int32_t>(last) - zeros);
    by_k.farthest[at] = log[last];
  }
  for (std::size_t i = 0; i < terms.ratio.size(); ++i) {
    auto const n1 = static_cast<std::size_t>(terms.ranks.n1[i]), first = static_cast<std::size_t>(zeros) + n1 - 1;
    if (first + n1 < log.size()) terms.ratio[i][at] = log[first + n1] - log[first];
  }
}

}  // namespace

std::int64_t Ranks::reach() const {
  std::int64_t most = 0;
  for (auto const one : k) most = std::max(most, one);
  for (auto const one : n1) most = std::max(most, 2 * one);
  return most;
}

PointTerms point_terms(LogDistances const& logs, Ranks const& ranks, int threads) {
  auto const points = static_cast<std::size_t>(logs.points);
  auto terms = empty_terms(ranks, points);
#pragma omp parallel for schedule(static) if (logs.value.size() >= logarithms_worth_threads) \
    num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (std::size_t i = 0; i < points; ++i) set_point(terms, i, logs.of(i), logs.zeros[i]);
  return terms;
}

PointTerms point_terms_without(std::int32_t block, statistics::Blocks const& blocks, LogDistances const& logs,
                               std::span<std::int32_t const> index, Ranks const& ranks, std::int64_t reach,
                               SearchOutside const& search) {
  auto const points = static_cast<std::size_t>(logs.points), k = static_cast<std::size_t>(logs.k);
  auto const left = static_cast<std::size_t>(
      std::count_if(blocks.of_point.begin(), blocks.of_point.end(), [&](auto of) { return of != block; }));
  auto terms = empty_terms(ranks, left);
  std::vector<double> kept(static_cast<std::size_t>(std::max<std::int64_t>(reach, 0)));
  for (std::size_t i = 0, at = 0; i < points; ++i) {
    if (blocks.of_point[i] == block) continue;
    auto const log = logs.of(i);
    auto const neighbor = index.subspan(i * k, k);
    std::size_t found = 0;
    std::int32_t zeros = 0;
    for (std::size_t j = 0; j < k && found < kept.size(); ++j) {
      if (blocks.of_point[static_cast<std::size_t>(neighbor[j])] == block) continue;
      zeros += static_cast<std::int32_t>(j) < logs.zeros[i];
      kept[found++] = log[j];
    }
    if (found < kept.size()) search(static_cast<std::int64_t>(i), block, kept);
    set_point(terms, at++, kept, zeros);
  }
  return terms;
}

}  // namespace mambasynth::analysis::dimension
