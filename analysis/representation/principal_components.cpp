#include "analysis/representation/principal_components.hpp"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/representation/unbiased_traces.hpp"
#include "analysis/statistics/undefined.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::representation {

namespace {

constexpr std::array shares{0.5, 0.9, 0.95};

/// Divisor rows - 1.
Eigen::MatrixXd covariance(CrossMoments const& moments, std::int64_t part) {
  auto const first = moments.first(part), dims = moments.first(part + 1) - first;
  auto const unbiased = static_cast<double>(moments.rows()) / static_cast<double>(moments.rows() - 1);
  Eigen::MatrixXd matrix(dims, dims);
  for (Eigen::Index j = 0; j < dims; ++j)
    for (Eigen::Index i = 0; i < dims; ++i) matrix(i, j) = unbiased * moments.covariance(first + i, first + j);
  return matrix;
}

}  // namespace

Spectrum spectrum(CrossMoments const& moments, std::int64_t part) {
  auto const dims = static_cast<std::size_t>(moments.first(part + 1) - moments.first(part));
  Spectrum result{.variance = std::vector<double>(dims, statistics::undefined),
                  .share = std::vector<double>(dims, statistics::undefined),
                  .components = {},
                  .participation_ratio = statistics::undefined,
                  .participation_ratio_unbiased = statistics::undefined};
  if (moments.rows() < 2) return result;
  auto const matrix = covariance(moments, part);
  if (!matrix.allFinite()) return result;
  Eigen::VectorXd const values =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(matrix, Eigen::EigenvaluesOnly).eigenvalues();
  double total = 0;
  for (std::size_t i = 0; i < dims; ++i)  // if the rank is deficient, rounding leaves some slightly negative
    total += result.variance[i] = std::max(0.0, values[static_cast<Eigen::Index>(dims - 1 - i)]);
  if (!(total > 0)) return result;

  double sum = 0;
  for (std::size_t i = 0; i < dims; ++i) {
    result.share[i] = result.variance[i] / total;
    for (std::size_t s = 0; s < shares.size(); ++s)
      if (sum < shares[s] * total) ++result.components[s];
    sum += result.variance[i];
  }
  auto const trace = moments.variance(part);
  result.participation_ratio = trace * trace / squared_covariance(moments, part, part);
  if (auto const squares = unbiased_squared_covariance(moments, part, part); squares > 0)
    result.participation_ratio_unbiased = unbiased_squared_trace(moments, part) / squares;
  return result;
}

PrincipalComponents principal_components(CrossMoments const& moments, std::int64_t count, std::int64_t part) {
  if (count < 1 || moments.rows() < 2)
    throw errors::usage(fmt::format("{} principal components of {} rows", count, moments.rows()),
                        "a covariance needs at least two rows", "Use one or more components and two or more rows");
  auto const matrix = covariance(moments, part);
  if (!matrix.allFinite())
    throw errors::input("covariances that are not finite", "NaN or infinity among the rows", "Leave such rows out");
  auto const dims = matrix.rows();
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> const solver(matrix);
  PrincipalComponents result;
  for (Eigen::Index i = 0; i < dims; ++i) result.mean.push_back(moments.mean(moments.first(part) + i));
  for (Eigen::Index c = 0; c < std::min<Eigen::Index>(count, dims); ++c) {
    Eigen::VectorXd direction = solver.eigenvectors().col(dims - 1 - c);
    Eigen::Index largest = 0;
    direction.cwiseAbs().maxCoeff(&largest);
    if (direction[largest] < 0) direction = -direction;
    result.direction.insert(result.direction.end(), direction.begin(), direction.end());
    result.variance.push_back(std::max(0.0, solver.eigenvalues()[dims - 1 - c]));
  }
  return result;
}

std::vector<double> PrincipalComponents::project(Rows const& rows) const {
  auto const dims = mean.size();
  std::vector<double> coordinates;
  std::visit(
      [&](auto span) {
        if (span.size() % dims != 0)
          throw errors::usage(fmt::format("{} values for rows of {} dimensions", span.size(), dims),
                              "the last row is incomplete", "Pass whole rows");
        coordinates.reserve(span.size() / dims * variance.size());
        for (std::size_t first = 0; first < span.size(); first += dims)
          for (std::size_t c = 0; c < variance.size(); ++c) {
            double along = 0;
            for (std::size_t i = 0; i < dims; ++i)
              along += (static_cast<double>(span[first + i]) - mean[i]) * direction[c * dims + i];
            coordinates.push_back(along);
          }
      },
      rows);
  return coordinates;
}

}  // namespace mambasynth::analysis::representation
