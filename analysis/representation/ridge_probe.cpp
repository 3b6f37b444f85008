#include "analysis/representation/ridge_probe.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <omp.h>

#include "analysis/representation/finite_rows.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::representation {

namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

constexpr double constant = 1e-12;  // a feature or target that varies less, relative to its mean, does not vary

/// Of features and targets side by side.
struct Moments {
  double rows = 0;
  VectorXd mean;
  MatrixXd scatter;  ///< sum of (z - mean)(z - mean)'

  Moments() = default;
  explicit Moments(CrossMoments const& of)
      : rows(static_cast<double>(of.rows())), mean(of.dims()), scatter(of.dims(), of.dims()) {
    for (Index j = 0; j < mean.size(); ++j) {
      mean[j] = of.mean(j);
      for (Index i = 0; i < mean.size(); ++i) scatter(i, j) = rows * of.covariance(i, j);
    }
  }
  /// Chan, Golub & LeVeque 1983 (Am. Stat. 37:242), eq. 2.1.
  void add(Moments const& other) {
    if (rows == 0) {  // and other.rows > 0: stretches are not empty
      *this = other;
      return;
    }
    auto const all = rows + other.rows;
    VectorXd const apart = other.mean - mean;
    scatter += other.scatter + (rows * other.rows / all) * apart * apart.transpose();
    mean += apart * (other.rows / all);
    rows = all;
  }
};

/// The read-outs of all targets from one training set, penalty by penalty.
class Ridge {
 public:
  Ridge(Moments const& training, Index dims) : training_(training), dims_(dims), scale_(dims) {
    for (Index i = 0; i < dims; ++i) {
      auto const variance = training.scatter(i, i) / training.rows;
      auto const least = constant * training.mean[i];
      scale_[i] = variance > least * least ? 1 / std::sqrt(variance) : 0;
    }
    correlation_ =
        scale_.asDiagonal() * training.scatter.topLeftCorner(dims, dims) * scale_.asDiagonal() / training.rows;
    covariance_ =
        scale_.asDiagonal() * training.scatter.topRightCorner(dims, training.mean.size() - dims) / training.rows;
  }

  /// (dims, target columns), for features as they come.
  [[nodiscard]] MatrixXd weights(double penalty) const {
    MatrixXd penalised = correlation_;
    penalised.diagonal().array() += penalty;
    return scale_.asDiagonal() * penalised.llt().solve(covariance_);
  }

  /// Sum of squares over the rows of `held` of y - prediction, a target column each; without weights: of y - mean.
  [[nodiscard]] VectorXd squared_error(Moments const& held, MatrixXd const& weights) const {
    auto const columns = training_.mean.size() - dims_;
    if (held.rows == 0) return VectorXd::Zero(columns);
    VectorXd const away = held.mean - training_.mean;
    VectorXd error = held.scatter.diagonal().tail(columns);
    VectorXd mean = away.tail(columns);
    if (weights.size() > 0) {
      MatrixXd const seen =
          held.scatter.topLeftCorner(dims_, dims_) * weights - 2 * held.scatter.topRightCorner(dims_, columns);
      error += weights.cwiseProduct(seen).colwise().sum().transpose();
      mean -= weights.transpose() * away.head(dims_);
    }
    return (error + held.rows * mean.cwiseAbs2()).cwiseMax(0.0);
  }
  /// The most that rounding alone makes of the sum of squares of y - mean.
  [[nodiscard]] VectorXd rounding(Moments const& held) const {
    return held.rows * (constant * training_.mean.tail(training_.mean.size() - dims_)).cwiseAbs2();
  }

 private:
  Moments const& training_;
  Index dims_;
  VectorXd scale_;
  MatrixXd correlation_, covariance_;
};

/// Sums over each group's columns.
VectorXd by_group(VectorXd const& columns, std::vector<Targets> const& targets) {
  VectorXd sums(static_cast<Index>(targets.size()));
  Index first = 0;
  for (Index g = 0; g < sums.size(); ++g) {
    auto const count = static_cast<Index>(targets[static_cast<std::size_t>(g)].columns);
    sums[g] = columns.segment(first, count).sum();
    first += count;
  }
  return sums;
}

class Problem {
 public:
  Problem(Rows const& features, std::int64_t dims, std::vector<Targets> const& targets, ChronologicalFolds const& folds,
          int threads)
      : folds_(folds) {
    std::vector<std::int64_t> parts{dims};
    for (auto const& group : targets) parts.push_back(group.columns);
    for (auto const& stretch : folds.stretches()) {
      std::vector<Rows> rows{rows_of(features, dims, stretch.first, stretch.rows())};
      for (auto const& group : targets)
        rows.push_back(rows_of(group.values, group.columns, stretch.first, stretch.rows()));
      CrossMoments moments(parts, threads);
      moments.add(rows);
      moments_.emplace_back(moments);
    }
  }
  [[nodiscard]] Moments training(std::int64_t b, std::int64_t c) const {
    return sum([&](auto const& s) { return folds_.apart(s, b) && folds_.apart(s, c); });
  }
  [[nodiscard]] Moments held(std::int64_t b) const {
    return sum([&](auto const& s) { return folds_.in_block(s, b); });
  }
  [[nodiscard]] Moments validation(std::int64_t b, std::int64_t c) const {
    return sum([&](auto const& s) { return folds_.in_block(s, b) && folds_.apart(s, c); });
  }

 private:
  template <class Wanted>
  Moments sum(Wanted&& wanted) const {
    Moments total;
    for (std::size_t s = 0; s < moments_.size(); ++s)
      if (wanted(folds_.stretches()[s])) total.add(moments_[s]);
    return total;
  }
  ChronologicalFolds const& folds_;
  std::vector<Moments> moments_;  ///< of each stretch
};

void check(Rows const& features, std::int64_t dims, std::vector<Targets> const& targets,
           ChronologicalFolds const& folds, RidgeOptions const& options) {
  auto const& penalties = options.penalties;
  if (penalties.empty() ||
      !std::all_of(penalties.begin(), penalties.end(), [](double p) { return p > 0 && std::isfinite(p); }))
    throw errors::usage(fmt::format("{} penalties of a ridge probe", penalties.size()),
                        "without a penalty > 0 the read-out may not be determined",
                        "pass one or more positive numbers");
  require_finite(features, folds.rows(), dims, "the features");
  for (auto const& group : targets) require_finite(group.values, folds.rows(), group.columns, "target " + group.name);
}

}  // namespace

std::vector<RidgeScore> ridge_probe(Rows const& features, std::int64_t dims, std::vector<Targets> const& targets,
                                    ChronologicalFolds const& folds, RidgeOptions const& options) {
  check(features, dims, targets, folds, options);
  auto const threads = options.threads > 0 ? options.threads : omp_get_max_threads();
  Problem const problem(features, dims, targets, folds, threads);
  auto const blocks = folds.blocks();
  auto const groups = static_cast<Index>(targets.size()), candidates = static_cast<Index>(options.penalties.size());

  // With blocks b and c held out, the same read-outs judge the penalties for the test on b (by c) and on c (by b).
  std::vector<MatrixXd> judged(static_cast<std::size_t>(blocks * blocks), MatrixXd::Zero(groups, candidates));
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::int64_t pair = 0; pair < blocks * blocks; ++pair) {
    auto const b = pair / blocks, c = pair % blocks;
    if (b >= c) continue;
    auto const training = problem.training(b, c), of_b = problem.validation(b, c), of_c = problem.validation(c, b);
    if (training.rows == 0) continue;
    Ridge const ridge(training, dims);
    for (Index p = 0; p < candidates; ++p) {
      auto const weights = ridge.weights(options.penalties[static_cast<std::size_t>(p)]);
      judged[static_cast<std::size_t>(b * blocks + c)].col(p) = by_group(ridge.squared_error(of_c, weights), targets);
      judged[static_cast<std::size_t>(c * blocks + b)].col(p) = by_group(ridge.squared_error(of_b, weights), targets);
    }
  }

  MatrixXd error(groups, blocks), total(groups, blocks), rounding(groups, blocks), penalty(groups, blocks);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::int64_t b = 0; b < blocks; ++b) {
    MatrixXd over_blocks = MatrixXd::Zero(groups, candidates);
    for (std::int64_t c = 0; c < blocks; ++c) over_blocks += judged[static_cast<std::size_t>(b * blocks + c)];
    auto const training = problem.training(b, b), held = problem.held(b);
    Ridge const ridge(training, dims);
    total.col(b) = by_group(ridge.squared_error(held, {}), targets);
    rounding.col(b) = by_group(ridge.rounding(held), targets);
    for (Index g = 0; g < groups; ++g) {
      Index best = 0;
      over_blocks.row(g).minCoeff(&best);
      penalty(g, b) = options.penalties[static_cast<std::size_t>(best)];
      error(g, b) = by_group(ridge.squared_error(held, ridge.weights(penalty(g, b))), targets)[g];
    }
  }

  auto const r2 = [](double sse, double sst, double least) {
    return sst > least ? 1 - sse / sst : std::numeric_limits<double>::quiet_NaN();
  };
  std::vector<RidgeScore> scores;
  for (Index g = 0; g < groups; ++g) {
    RidgeScore score{.name = targets[static_cast<std::size_t>(g)].name, .r2 = {}, .penalty = {}};
    std::vector<double> fold;
    for (Index b = 0; b < blocks; ++b) {
      fold.push_back(r2(error(g, b), total(g, b), rounding(g, b)));
      score.penalty.push_back(penalty(g, b));
    }
    score.r2 = fold_scores(r2(error.row(g).sum(), total.row(g).sum(), rounding.row(g).sum()), std::move(fold));
    scores.push_back(std::move(score));
  }
  return scores;
}

}  // namespace mambasynth::analysis::representation
