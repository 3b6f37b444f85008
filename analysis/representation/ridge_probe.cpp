#include "analysis/representation/ridge_probe.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <variant>

#include "analysis/representation/finite_rows.hpp"
#include "analysis/representation/stretch_moments.hpp"
#include "analysis/statistics/undefined.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"

namespace mambasynth::analysis::representation {

namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

constexpr double constant = 1e-12;  // a feature or target that varies less, relative to its mean, does not vary

/// Read-outs of all targets from one training set, for any penalty.
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

  /// (dims, target columns), for the raw features.
  [[nodiscard]] MatrixXd weights(double penalty) const { return solve(penalty, covariance_); }
  /// The same of some columns.
  [[nodiscard]] MatrixXd weights(double penalty, std::vector<Index> const& columns) const {
    return solve(penalty, covariance_(Eigen::all, columns));
  }

  /// Sum of (y - prediction)^2 over the rows of `held`, for each target column.
  [[nodiscard]] VectorXd squared_error(Moments const& held, MatrixXd const& weights) const {
    auto const columns = training_.mean.size() - dims_;
    if (held.rows == 0) return VectorXd::Zero(columns);
    VectorXd const away = held.mean - training_.mean;
    MatrixXd const seen =
        held.scatter.topLeftCorner(dims_, dims_) * weights - 2 * held.scatter.topRightCorner(dims_, columns);
    VectorXd const error =
        held.scatter.diagonal().tail(columns) + weights.cwiseProduct(seen).colwise().sum().transpose();
    VectorXd const mean = away.tail(columns) - weights.transpose() * away.head(dims_);
    return (error + held.rows * mean.cwiseAbs2()).cwiseMax(0.0);
  }
  /// (dims), (target columns): the means that predictions are centered on.
  [[nodiscard]] VectorXd feature_means() const { return training_.mean.head(dims_); }
  [[nodiscard]] VectorXd target_means() const { return training_.mean.tail(training_.mean.size() - dims_); }
  /// Upper bound of what rounding alone contributes to the sum of (y - mean)^2.
  [[nodiscard]] VectorXd rounding(double rows) const { return rows * (constant * target_means()).cwiseAbs2(); }

 private:
  [[nodiscard]] MatrixXd solve(double penalty, MatrixXd const& covariance) const {
    MatrixXd penalized = correlation_;
    penalized.diagonal().array() += penalty;
    return scale_.asDiagonal() * penalized.llt().solve(covariance);
  }

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

MatrixXd matrix_of(Rows const& rows, std::int64_t columns) {
  return std::visit(
      [&](auto span) -> MatrixXd {
        using Value = std::remove_cv_t<typename decltype(span)::element_type>;
        using Matrix = Eigen::Matrix<Value, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        return Eigen::Map<Matrix const>(span.data(), static_cast<Index>(span.size()) / columns, columns)
            .template cast<double>();
      },
      rows);
}

/// The target columns that use each penalty.
std::map<double, std::vector<Index>> columns_by_penalty(std::vector<Targets> const& targets,
                                                        std::vector<double> const& penalty) {
  std::map<double, std::vector<Index>> columns;
  Index count = 0;
  for (std::size_t g = 0; g < targets.size(); ++g)
    for (std::int64_t c = 0; c < targets[g].columns; ++c) columns[penalty[g]].push_back(count++);
  return columns;
}

/// Squared errors of a block's rows, for the read-outs and for the means of the training rows; (row, group).
struct Held {
  MatrixXd error, about_mean;
};

Held held_rows(Ridge const& ridge, Rows const& features, std::int64_t dims, std::vector<Targets> const& targets,
               ChronologicalFolds::Stretch const& block, std::vector<double> const& penalty) {
  auto const columns = columns_by_penalty(targets, penalty);
  MatrixXd x = matrix_of(rows_of(features, dims, block.first, block.rows()), dims);
  x.rowwise() -= ridge.feature_means().transpose();
  auto const means = ridge.target_means();
  MatrixXd predicted(block.rows(), means.size());
  for (auto const& [strength, chosen] : columns) predicted(Eigen::all, chosen) = x * ridge.weights(strength, chosen);
  Held held{MatrixXd::Zero(block.rows(), static_cast<Index>(targets.size())), {}};
  held.about_mean = held.error;
  Index first = 0;
  for (Index g = 0; g < held.error.cols(); ++g) {
    auto const& group = targets[static_cast<std::size_t>(g)];
    auto const width = static_cast<Index>(group.columns);
    MatrixXd y = matrix_of(rows_of(group.values, group.columns, block.first, block.rows()), group.columns);
    y.rowwise() -= means.segment(first, width).transpose();
    held.about_mean.col(g) = y.rowwise().squaredNorm();
    held.error.col(g) = (y - predicted.middleCols(first, width)).rowwise().squaredNorm();
    first += width;
  }
  return held;
}

double r2(double sse, double sst, double least) { return sst > least ? 1 - sse / sst : statistics::undefined; }

/// 1 - SSE / SST over all rows, and of each block.
FoldScores r2_of(std::vector<Held> const& held, Index group, VectorXd const& rounding) {
  FoldScores score{statistics::undefined, statistics::undefined, {}};
  double error = 0, total = 0;
  for (std::size_t b = 0; b < held.size(); ++b) {
    auto const sse = held[b].error.col(group).sum(), sst = held[b].about_mean.col(group).sum();
    score.fold.push_back(r2(sse, sst, rounding[static_cast<Index>(b)]));
    error += sse;
    total += sst;
  }
  score.value = r2(error, total, rounding.sum());
  return score;
}

/// Standard errors of the first targets: with R^2 linearized, row i has influence -(e_i - (1 - R^2) t_i) / SST, e and t
/// being its squared errors.
void add_errors(std::vector<RidgeScore>& scores, Rows const& features, StretchMoments const& moments,
                std::vector<Held> const& held, std::vector<Targets> const& targets, std::int64_t dims,
                std::vector<std::vector<double>> const& penalty, ChronologicalFolds const& folds,
                std::int64_t with_error, int threads) {
  auto const count = with_error < 0 ? targets.size() : std::min(static_cast<std::size_t>(with_error), targets.size());
  if (count == 0) return;
  std::vector<Targets> const some(targets.begin(), targets.begin() + static_cast<std::ptrdiff_t>(count));
  Index columns = dims;
  for (auto const& target : some) columns += target.columns;
  std::vector<Moments> training;
  std::vector<double> total(count);
  for (std::int64_t b = 0; b < folds.blocks(); ++b) {
    training.push_back(moments.training(b, b).first(columns));
    for (std::size_t t = 0; t < count; ++t)
      total[t] += held[static_cast<std::size_t>(b)].about_mean.col(static_cast<Index>(t)).sum();
  }
  std::vector<Influence> influence(count);
  auto const weigh = [&](Held const& rows, std::size_t t) -> VectorXd {
    auto const at = static_cast<Index>(t);
    return ((1 - scores[t].r2.value) * rows.about_mean.col(at) - rows.error.col(at)) / total[t];
  };
  for (std::size_t t = 0; t < count; ++t) {
    influence[t].change.assign(static_cast<std::size_t>(folds.groups()),
                               std::vector<double>(static_cast<std::size_t>(folds.rows())));
    for (std::int64_t b = 0; b < folds.blocks(); ++b) {
      auto const weights = weigh(held[static_cast<std::size_t>(b)], t);
      influence[t].row.insert(influence[t].row.end(), weights.begin(), weights.end());
    }
  }
  errors::StopFlag stop;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::int64_t g = 0; g < folds.groups(); ++g)
    for (std::int64_t b = 0; b < folds.blocks(); ++b) {
      if (stop.requested()) continue;
      if (folds.in_block(folds.group(g), b)) continue;
      auto const at = static_cast<std::size_t>(b);
      auto left = training[at];
      left.remove(moments.training_in_group(b, g).first(columns));
      auto const rows = held_rows(Ridge(left, dims), features, dims, some, folds.block(b), penalty[at]);
      for (std::size_t t = 0; t < count; ++t) {
        VectorXd const change = weigh(rows, t) - weigh(held[at], t);
        std::copy(change.begin(), change.end(),
                  influence[t].change[static_cast<std::size_t>(g)].begin() + folds.block(b).first);
      }
    }
  stop.throw_if_requested();
  for (std::size_t t = 0; t < count; ++t)
    if (!std::isnan(scores[t].r2.value)) scores[t].r2.se = error_over_draws(influence[t], folds, false);
}

void check(Rows const& features, std::int64_t dims, std::vector<Targets> const& targets,
           ChronologicalFolds const& folds, RidgeOptions const& options) {
  auto const& penalties = options.penalties;
  if (penalties.empty() ||
      !std::all_of(penalties.begin(), penalties.end(), [](double p) { return p > 0 && std::isfinite(p); }))
    throw errors::usage(fmt::format("{} penalties of a ridge probe", penalties.size()),
                        "without a penalty > 0, the read-out may be undetermined", "Pass one or more positive numbers");
  require_finite(features, folds.rows(), dims, "the features");
  for (auto const& group : targets) require_finite(group.values, folds.rows(), group.columns, "target " + group.name);
}

}  // namespace

std::vector<RidgeScore> ridge_probe(Rows const& features, std::int64_t dims, std::vector<Targets> const& targets,
                                    ChronologicalFolds const& folds, RidgeOptions const& options) {
  check(features, dims, targets, folds, options);
  auto const threads = options.threads > 0 ? options.threads : omp_get_max_threads();
  std::vector<Rows> parts{features};
  std::vector<std::int64_t> widths{dims};
  for (auto const& group : targets) {
    parts.push_back(group.values);
    widths.push_back(group.columns);
  }
  StretchMoments const moments(parts, widths, folds, threads);
  auto const blocks = folds.blocks();
  auto const groups = static_cast<Index>(targets.size()), candidates = static_cast<Index>(options.penalties.size());

  // With blocks b and c held out, the same read-outs choose the penalty for the test on b (by c) and on c (by b).
  std::vector<MatrixXd> judged(static_cast<std::size_t>(blocks * blocks), MatrixXd::Zero(groups, candidates));
  errors::StopFlag stop;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::int64_t pair = 0; pair < blocks * blocks; ++pair) {
    auto const b = pair / blocks, c = pair % blocks;
    if (b >= c || stop.requested()) continue;
    auto const training = moments.training(b, c), of_b = moments.validation(b, c), of_c = moments.validation(c, b);
    if (training.rows == 0) continue;
    Ridge const ridge(training, dims);
    for (Index p = 0; p < candidates; ++p) {
      auto const weights = ridge.weights(options.penalties[static_cast<std::size_t>(p)]);
      judged[static_cast<std::size_t>(b * blocks + c)].col(p) = by_group(ridge.squared_error(of_c, weights), targets);
      judged[static_cast<std::size_t>(c * blocks + b)].col(p) = by_group(ridge.squared_error(of_b, weights), targets);
    }
  }

  stop.throw_if_requested();
  std::vector<Held> held(static_cast<std::size_t>(blocks));
  std::vector<std::vector<double>> penalty(static_cast<std::size_t>(blocks));  // (block, group)
  MatrixXd rounding(groups, blocks);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::int64_t b = 0; b < blocks; ++b) {
    if (stop.requested()) continue;
    MatrixXd over_blocks = MatrixXd::Zero(groups, candidates);
    for (std::int64_t c = 0; c < blocks; ++c) over_blocks += judged[static_cast<std::size_t>(b * blocks + c)];
    auto& chosen = penalty[static_cast<std::size_t>(b)];
    for (Index g = 0; g < groups; ++g) {
      Index best = 0;
      over_blocks.row(g).minCoeff(&best);
      chosen.push_back(options.penalties[static_cast<std::size_t>(best)]);
    }
    auto const training = moments.training(b, b);
    Ridge const ridge(training, dims);
    rounding.col(b) = by_group(ridge.rounding(static_cast<double>(folds.block(b).rows())), targets);
    held[static_cast<std::size_t>(b)] = held_rows(ridge, features, dims, targets, folds.block(b), chosen);
  }

  stop.throw_if_requested();
  std::vector<RidgeScore> scores;
  for (Index g = 0; g < groups; ++g) {
    auto const at = static_cast<std::size_t>(g);
    auto& score = scores.emplace_back(RidgeScore{targets[at].name, r2_of(held, g, rounding.row(g).transpose()), {}});
    for (auto const& of_block : penalty) score.penalty.push_back(of_block[at]);
  }
  add_errors(scores, features, moments, held, targets, dims, penalty, folds, options.with_error, threads);
  return scores;
}

}  // namespace mambasynth::analysis::representation
