#include "analysis/representation/cka_between.hpp"

#include <Eigen/Core>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/representation/finite_rows.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::representation {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Centered rows: the Gram matrix then has no large constant part, which centering would only remove again.
Matrix centered(std::span<float const> rows, std::int64_t points, std::int64_t dims) {
  Matrix x =
      Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> const>(rows.data(), points, dims)
          .cast<double>();
  double const size = x.cwiseAbs().maxCoeff();
  x.rowwise() -= x.colwise().mean().eval();
  constexpr double constant = 1e-12;  // anything that varies less than this, relative to its size, counts as constant
  if (x.cwiseAbs().maxCoeff() <= constant * size) x.setZero();
  return x;
}

}  // namespace

std::vector<float> centered_gram(std::span<float const> rows, std::int64_t points, std::int64_t dims) {
  constexpr std::int64_t fewest = 4;
  if (points < fewest)
    throw errors::usage(fmt::format("{} rows are too few for a debiased CKA", points),
                        "its estimator averages over four distinct rows", "Take at least 4");
  require_finite(rows, points, dims, "the activations");
  auto const x = centered(rows, points, dims);
  Matrix gram = Matrix::Zero(points, points);
  gram.selfadjointView<Eigen::Lower>().rankUpdate(x);  // half of the work of a product
  gram.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
  gram.diagonal().setZero();
  auto const n = static_cast<double>(points);
  Eigen::VectorXd const sums = gram.rowwise().sum();
  double const total = sums.sum() / ((n - 1) * (n - 2));
  std::vector<double> entries;
  entries.reserve(static_cast<std::size_t>(points * (points - 1) / 2));
  double squares = 0;
  for (Eigen::Index i = 0; i < points; ++i)
    for (Eigen::Index j = i + 1; j < points; ++j) {
      entries.push_back(gram(i, j) - (sums[i] + sums[j]) / (n - 2) + total);
      squares += entries.back() * entries.back();
    }
  double const scale = squares > 0 ? 1 / std::sqrt(squares) : std::numeric_limits<double>::quiet_NaN();
  std::vector<float> unit(entries.size());
  std::transform(entries.begin(), entries.end(), unit.begin(),
                 [scale](double entry) { return static_cast<float>(scale * entry); });
  return unit;
}

std::vector<double> cka_between(std::span<std::vector<float> const> grams) {
  auto const networks = static_cast<Eigen::Index>(grams.size());
  Matrix total = Matrix::Zero(networks, networks);
  if (networks == 0) return {};
  // One stretch at a time, for all networks: products in double without a second copy of all data.
  constexpr Eigen::Index stretch = 2048;
  auto const entries = static_cast<Eigen::Index>(grams.front().size());
  Matrix part(networks, stretch);
  for (Eigen::Index first = 0; first < entries; first += stretch) {
    auto const count = std::min(stretch, entries - first);
    for (Eigen::Index t = 0; t < networks; ++t)
      part.row(t).head(count) =
          Eigen::Map<Eigen::VectorXf const>(grams[static_cast<std::size_t>(t)].data() + first, count).cast<double>();
    total.selfadjointView<Eigen::Lower>().rankUpdate(part.leftCols(count));
  }
  total.triangularView<Eigen::StrictlyUpper>() = total.transpose();
  for (Eigen::Index t = 0; t < networks; ++t)
    if (!std::isnan(total(t, t))) total(t, t) = 1;
  return {total.data(), total.data() + total.size()};
}

}  // namespace mambasynth::analysis::representation
