#include "analysis/collate/pair_mean.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "analysis/statistics/blocks.hpp"
#include "analysis/statistics/student_t.hpp"

namespace mambasynth::analysis::collate {

PairMean mean_over_seeds(std::span<SeedPair const> pairs) {
  struct Sum {
    double of = 0, count = 0;
  };
  std::map<std::string, std::size_t> places;
  std::map<std::pair<std::size_t, std::size_t>, Sum> by_seeds;
  auto const place = [&](std::string const& seed) { return places.try_emplace(seed, places.size()).first->second; };
  for (auto const& pair : pairs) {
    auto const a = place(pair.seed_a), b = place(pair.seed_b);
    auto& sum = by_seeds[std::minmax(a, b)];
    sum.of += pair.value;
    ++sum.count;
  }
  // Of all pairs of seeds, and of those with each seed.
  Sum all;
  std::vector<Sum> with(places.size());
  for (auto const& [seeds, sum] : by_seeds) {
    auto const mean = sum.of / sum.count;
    auto const [a, b] = seeds;
    for (auto* of : {&all, &with[a], a == b ? nullptr : &with[b]})
      if (of) of->of += mean, ++of->count;
  }
  PairMean result{.pairs = static_cast<std::int64_t>(pairs.size()), .seeds = static_cast<std::int64_t>(places.size())};
  if (pairs.empty()) return result;
  result.mean = all.of / all.count;
  if (result.seeds < 2) return result;
  std::vector<double> without;
  for (auto const& of : with) without.push_back((all.of - of.of) / (all.count - of.count));  // 0 / 0 if no pair is left
  result.se = all.count > 1 ? statistics::jackknife_error(without) : std::nan("");
  auto const half = statistics::interval_quantile(result.seeds - 1) * result.se;
  result.low = result.mean - half;
  result.high = result.mean + half;
  return result;
}

}  // namespace mambasynth::analysis::collate
