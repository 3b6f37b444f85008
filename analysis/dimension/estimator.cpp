#include "analysis/dimension/estimator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "analysis/dimension/estimators.hpp"
#include "analysis/statistics/undefined.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::dimension {

void require_ranks(std::vector<std::int64_t> const& ks, std::int64_t neighbors) {
  for (auto const k : ks)
    if (k < 3 || k > neighbors)
      throw errors::usage(fmt::format("intrinsic dimension at k = {} with {} neighbors per point", k, neighbors),
                          "the estimators divide by k - 2 and need all k neighbors",
                          "Use 3 <= k, smaller than the number of points");
}

namespace {

void require_rank(Estimator const& estimator, std::int64_t rank, std::int64_t neighbors) {
  switch (estimator.axis) {
    case Axis::k:
      return require_ranks({rank}, neighbors);
    case Axis::none:
      if (neighbors < 2)
        throw errors::usage(fmt::format("{} with one neighbor per point", estimator.family),
                            "it is the ratio of the first two distances", "Compute at least two neighbors");
      return;
    case Axis::n1:
      if (rank < 1 || 2 * rank > neighbors)
        throw errors::usage(fmt::format("{} at n1 = {} with {} neighbors per point", estimator.family, rank, neighbors),
                            "it compares the distances of neighbors n1 and 2 n1", "Use a smaller n1 or more neighbors");
  }
}

}  // namespace

std::size_t index_of(Estimator const& estimator) {
  auto const found = std::find(estimators.begin(), estimators.end(), &estimator);
  if (found == estimators.end())
    throw std::logic_error(std::string(estimator.name) + " is not in the table of estimators");
  return static_cast<std::size_t>(found - estimators.begin());
}

std::string Estimator::label() const {
  return std::string(family) + (variant.empty() ? "" : ", " + std::string(variant));
}

std::size_t Estimator::entries(Ranks const& ranks) const {
  return axis == Axis::k ? ranks.k.size() : axis == Axis::n1 ? ranks.n1.size() : 1;
}

Estimate Estimator::operator()(neighbors::Neighbors const& neighbors, std::int64_t rank) const {
  require_rank(*this, rank, neighbors.k);
  Ranks ranks;
  if (axis == Axis::k) ranks.k = {rank};
  else ranks.n1 = {axis == Axis::n1 ? rank : 1};
  return estimate(point_terms(log_distances(neighbors, 0), ranks, 0), 0, statistics::undefined, 0);
}

}  // namespace mambasynth::analysis::dimension
