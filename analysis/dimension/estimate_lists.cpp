#include "analysis/dimension/estimate_lists.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>
#include <utility>

#include "analysis/statistics/undefined.hpp"
#include "errors/stop.hpp"

namespace mambasynth::analysis::dimension::estimators {
namespace {

/// Every estimate, in one order.
std::vector<Estimate*> all_of(Curves& curves) {
  std::vector<Estimate*> all;
  for (auto& one : curves.by_k)
    all.insert(all.end(), {&one.levina_bickel_original, &one.levina_bickel, &one.mackay_ghahramani});
  all.insert(all.end(), {&curves.two_nn_ml, &curves.two_nn_ls});
  for (auto& one : curves.gride) all.push_back(&one);
  return all;
}

/// In the same order. The least squares line has no influence function of its own here: it weighs the same ratios as
/// the maximum likelihood does, a little less well.
std::vector<Influence> influences(PointTerms const& terms, Curves const& curves, LogDistances const& logs,
                                  std::span<std::int32_t const> index) {
  std::vector<Influence> all;
  for (std::size_t i = 0; i < curves.by_k.size(); ++i) {
    auto found = influence_by_k(terms.by_k[i], terms.ranks.k[i], curves.by_k[i], logs, index);
    for (auto* one : {&found.levina_bickel_original, &found.levina_bickel, &found.mackay_ghahramani})
      all.push_back(std::move(*one));
  }
  Influence const none{std::vector<double>(static_cast<std::size_t>(logs.points)),
                       std::vector<double>(static_cast<std::size_t>(logs.points))};
  all.push_back(terms.ratio.empty() ? none
                                    : influence_by_ratio(terms.ratio[0], 1, curves.two_nn_ml.value, logs, index));
  auto line = all.back();
  for (auto* part : {&line.own, &line.on_others})
    for (auto& value : *part) value *= curves.two_nn_ls.se / curves.two_nn_ml.se;
  all.push_back(std::move(line));
  for (std::size_t i = 0; i < curves.gride.size(); ++i)
    all.push_back(influence_by_ratio(terms.ratio[i], terms.ranks.n1[i], curves.gride[i].value, logs, index));
  return all;
}

/// The influence on others averaged over each point's nearest neighbours, beside the point's own, summed by block.
std::vector<double> expected_shifts(Influence const& influence, statistics::Blocks const& blocks, std::int64_t k,
                                    std::span<std::int32_t const> index) {
  constexpr std::int64_t averaged = 32;  // of 8 to 128, the one whose errors fit best at small and at large k alike
  auto const width = static_cast<std::size_t>(k), near = static_cast<std::size_t>(std::min(k, averaged));
  std::vector<double> sum(static_cast<std::size_t>(blocks.count)), points(sum.size());
  double total = 0;
  for (std::size_t i = 0; i < influence.own.size(); ++i) {
    double around = 0;
    for (auto const j : index.subspan(i * width, near)) around += influence.on_others[static_cast<std::size_t>(j)];
    auto const value = influence.own[i] + around / static_cast<double>(near);
    auto const block = static_cast<std::size_t>(blocks.of_point[i]);
    sum[block] += value;
    ++points[block];
    total += value;
  }
  for (std::size_t b = 0; b < sum.size(); ++b) sum[b] -= total * points[b] / static_cast<double>(influence.own.size());
  return sum;
}

/// Neighbours that every point keeps when the largest block is gone.
std::int64_t always_left(std::int64_t points, statistics::Blocks const& blocks, std::int64_t excluded) {
  std::vector<std::int64_t> size(static_cast<std::size_t>(blocks.count));
  for (auto const b : blocks.of_point) ++size[static_cast<std::size_t>(b)];
  return points - 1 - excluded - *std::max_element(size.begin(), size.end());
}

/// Of each estimate, its values with one block left out.
std::vector<std::vector<double>> without_each_block(Curves const& whole, LogDistances const& logs,
                                                    std::span<std::int32_t const> index, Ranks const& ranks,
                                                    BlockPass const& pass, int threads) {
  std::vector<Curves> without(static_cast<std::size_t>(pass.blocks.count));
  auto const reach = std::min(ranks.reach(), always_left(logs.points, pass.blocks, pass.excluded));
  errors::SharedStop stop;
#pragma omp parallel for schedule(dynamic) num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (std::int32_t b = 0; b < pass.blocks.count; ++b) {
    if (stop.requested()) continue;
    without[static_cast<std::size_t>(b)] =
        estimate(point_terms_without(b, pass.blocks, logs, index, ranks, reach, pass.search), &whole, 1);
  }
  stop.heed();
  std::vector<std::vector<double>> values;
  for (auto& one : without) {
    auto const all = all_of(one);
    values.resize(all.size());
    for (std::size_t e = 0; e < all.size(); ++e) values[e].push_back(all[e]->value);
  }
  return values;
}

statistics::BlockShifts shifts_of(std::vector<double> without, std::vector<double> expected) {
  double mean = 0;
  for (auto const value : without) mean += value / static_cast<double>(without.size());
  for (auto& value : without) value = mean - value;
  return {std::move(expected), std::move(without)};
}

/// Few blocks can come out alike by chance; the true error is hardly ever below this share of the nominal one.
constexpr double least_share = 0.5;
double at_least(double least, double error) { return error < least ? least : error; }

}  // namespace

Curves estimate(PointTerms const& terms, Curves const* near, int threads) {
  Curves found;
  for (std::size_t i = 0; i < terms.by_k.size(); ++i) found.by_k.push_back(by_k(terms.by_k[i], terms.ranks.k[i]));
  found.two_nn_ml = found.two_nn_ls = {statistics::undefined, statistics::undefined};
  if (!terms.ratio.empty()) {
    found.two_nn_ml = two_nn_ml(terms.ratio[0]);
    found.two_nn_ls = two_nn_ls(terms.ratio[0]);
  }
  for (std::size_t i = 0; i < terms.ratio.size(); ++i)
    found.gride.push_back(
        gride(terms.ratio[i], terms.ranks.n1[i], near ? near->gride[i].value : statistics::undefined, threads));
  return found;
}

Curves estimate_with_blocks(LogDistances const& logs, std::span<std::int32_t const> index, Ranks const& ranks,
                            BlockPass const& pass, int threads) {
  auto const terms = point_terms(logs, ranks, threads);
  auto found = estimate(terms, nullptr, threads);
  if (pass.blocks.count < 2) return found;
  auto without = without_each_block(found, logs, index, ranks, pass, threads);
  auto const by_point = influences(terms, found, logs, index);
  auto const all = all_of(found);
  for (std::size_t e = 0; e < all.size(); ++e) {
    auto shifts = shifts_of(std::move(without[e]), expected_shifts(by_point[e], pass.blocks, logs.k, index));
    all[e]->se_blocks = at_least(least_share * all[e]->se, shifts.error());
    if (e + found.gride.size() >= all.size()) found.gride_shifts.push_back(std::move(shifts));
  }
  return found;
}

}  // namespace mambasynth::analysis::dimension::estimators
