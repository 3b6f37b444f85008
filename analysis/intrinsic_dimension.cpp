#include "analysis/intrinsic_dimension.hpp"

#include <algorithm>

#include "analysis/estimators.hpp"

namespace mambasynth::analysis {
namespace {

double mean_distance(Neighbours const& neighbours, std::int64_t k) {
  double sum = 0;
  for (std::int64_t i = 0; i < neighbours.points; ++i) sum += neighbours.distances_of(i)[static_cast<std::size_t>(k - 1)];
  return sum / static_cast<double>(neighbours.points);
}

}  // namespace

Estimate levina_bickel_original(Neighbours const& neighbours, std::int64_t k) {
  return estimators::by_k(estimators::log_distances(neighbours, 0), k, {}, 0).levina_bickel_original;
}

Estimate levina_bickel(Neighbours const& neighbours, std::int64_t k) {
  return estimators::by_k(estimators::log_distances(neighbours, 0), k, {}, 0).levina_bickel;
}

Estimate mackay_ghahramani(Neighbours const& neighbours, std::int64_t k) {
  return estimators::by_k(estimators::log_distances(neighbours, 0), k, {}, 0).mackay_ghahramani;
}

Estimate two_nn_ml(Neighbours const& neighbours) {
  return estimators::two_nn_ml(estimators::log_distances(neighbours, 0), {});
}

Estimate two_nn_ls(Neighbours const& neighbours) {
  return estimators::two_nn_ls(estimators::log_distances(neighbours, 0), {});
}

Estimate gride(Neighbours const& neighbours, std::int64_t n1) {
  return estimators::gride(estimators::log_distances(neighbours, 0), n1, {}, 0);
}

DimensionEstimates estimate_all(Neighbours const& neighbours, std::vector<std::int64_t> const& ks,
                                EstimateOptions const& options) {
  auto const logs = estimators::log_distances(neighbours, options.threads);
  DimensionEstimates all;
  all.points = neighbours.points;
  for (auto const zeros : logs.zeros) all.duplicates += zeros > 0;
  all.k = ks;
  for (auto const k : ks) {
    auto const found = estimators::by_k(logs, k, options.blocks, options.threads);
    all.levina_bickel_original.push_back(found.levina_bickel_original);
    all.levina_bickel.push_back(found.levina_bickel);
    all.mackay_ghahramani.push_back(found.mackay_ghahramani);
    all.distance_k.push_back(mean_distance(neighbours, k));
  }
  all.two_nn_ml = estimators::two_nn_ml(logs, options.blocks);
  all.two_nn_ls = estimators::two_nn_ls(logs, options.blocks);
  for (std::int64_t n1 = 1; n1 <= options.longest_n1 && 2 * n1 <= neighbours.k; n1 *= 2) {
    all.n1.push_back(n1);
    all.gride.push_back(estimators::gride(logs, n1, options.blocks, options.threads));
    all.distance_n1.push_back((mean_distance(neighbours, n1) + mean_distance(neighbours, 2 * n1)) / 2);
  }
  all.plateau = find_plateau(all.gride);
  return all;
}

DimensionEstimates estimate_all(Neighbours const& neighbours, std::vector<std::int64_t> const& ks, int threads) {
  EstimateOptions options;
  options.threads = threads;
  return estimate_all(neighbours, ks, options);
}

std::int64_t neighbours_needed(std::vector<std::int64_t> const& ks, std::int64_t points, EstimateOptions const& options) {
  std::int64_t n1 = 1;
  while (2 * n1 <= options.longest_n1) n1 *= 2;
  auto k = std::max<std::int64_t>(1, std::min(2 * n1, points - 1 - options.window.most_excluded()));
  for (auto const wanted : ks) k = std::max(k, wanted);
  return k;
}

template <class T>
DimensionEstimates estimate_all(std::span<T const> rows, std::int64_t points, std::int64_t dims,
                                std::vector<std::int64_t> const& ks, EstimateOptions const& options) {
  auto const k = neighbours_needed(ks, points, options);
  HostSearch const host(options.threads);
  auto const& search = options.search ? *options.search : host;
  return estimate_all(search.find(rows, points, dims, k, options.window), ks, options);
}

template DimensionEstimates estimate_all(std::span<float const>, std::int64_t, std::int64_t,
                                         std::vector<std::int64_t> const&, EstimateOptions const&);
template DimensionEstimates estimate_all(std::span<double const>, std::int64_t, std::int64_t,
                                         std::vector<std::int64_t> const&, EstimateOptions const&);

}  // namespace mambasynth::analysis
