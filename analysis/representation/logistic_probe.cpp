#include "analysis/representation/logistic_probe.hpp"

#include <Eigen/Core>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "analysis/representation/finite_rows.hpp"
#include "analysis/representation/label_scores.hpp"
#include "analysis/representation/softmax_regression.hpp"
#include "analysis/representation/stretch_moments.hpp"
#include "analysis/statistics/undefined.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::representation {

namespace {

/// Converts moments of the raw features to moments of the standardized rows.
TrainingSet training_set(Moments const& moments, std::vector<std::int64_t> const& rows, StandardizedRows const& x) {
  constexpr double constant = 1e-12;  // a feature that varies less, relative to its mean, does not vary
  TrainingSet set{RowSet(rows), {}, {}, {}};
  if (rows.empty()) return set;
  Eigen::VectorXd scale(x.dims());
  for (Eigen::Index i = 0; i < scale.size(); ++i) {
    auto const at = static_cast<std::size_t>(i);
    auto const variance = moments.scatter(i, i) / moments.rows, least = constant * moments.mean[i];
    bool const varies = variance > least * least && x.inverse()[at] > 0;
    scale[i] = varies ? 1 / std::sqrt(variance) : 0;
    set.mean.push_back((moments.mean[i] - x.mean()[at]) * x.inverse()[at]);
    set.inverse.push_back(varies ? scale[i] / x.inverse()[at] : 0);
  }
  set.correlation.resize(static_cast<std::size_t>(x.dims() * x.dims()));
  Eigen::Map<Eigen::MatrixXd>(set.correlation.data(), x.dims(), x.dims()) =
      scale.asDiagonal() * moments.scatter * scale.asDiagonal() / moments.rows;
  return set;
}

/// Log-loss summed over held-out rows whose class occurs in training.
struct Judged {
  double loss = 0, rows = 0;
  void add(Judged const& other) {
    loss += other.loss;
    rows += other.rows;
  }
};

Judged judge(std::vector<HeldRow> const& held) {
  Judged sum;
  for (auto const& row : held)
    if (!std::isnan(row.loss)) sum.add({row.loss, 1});
  return sum;
}

std::size_t at(std::int64_t block) { return static_cast<std::size_t>(block); }

void check(Rows const& features, std::int64_t dims, ChronologicalFolds const& folds, LogisticOptions const& options) {
  auto const& penalties = options.penalties;
  if (penalties.empty() ||
      !std::all_of(penalties.begin(), penalties.end(), [](double p) { return p > 0 && std::isfinite(p); }))
    throw errors::usage(fmt::format("{} penalties of a logistic probe", penalties.size()),
                        "without a penalty > 0, separable classes have no best read-out",
                        "Pass one or more positive numbers");
  require_finite(features, folds.rows(), dims, "the features");
}

}  // namespace

/// What all labelings share. With blocks b and c held out, the same fits choose the penalty for the test on b (by c)
/// and on c (by b): one training set for each pair b < c, and one for each single block.
struct LogisticProbe::Sets {
  struct Set {
    std::int64_t b, c;
    std::vector<std::int64_t> rows, held_b, held_c;
    TrainingSet training;
  };
  ChronologicalFolds const& folds;
  std::vector<double> penalties;  ///< from strong to weak, each fit starts where the last one ended
  double tolerance;
  StandardizedRows x;
  std::vector<Set> pairs, blocks;

  Sets(Rows const& features, std::int64_t dims, ChronologicalFolds const& of, LogisticOptions const& options)
      : folds(of), penalties(options.penalties), tolerance(options.tolerance), x(features, dims) {
    std::sort(penalties.rbegin(), penalties.rend());
    StretchMoments const moments({features}, {dims}, folds, options.threads);
    for (std::int64_t b = 0; b < folds.blocks(); ++b)
      for (auto c = b; c < folds.blocks(); ++c) {
        auto const rows = folds.training(b, c);
        (b == c ? blocks : pairs)
            .push_back({b, c, rows, folds.validation(b, c), folds.validation(c, b),
                        training_set(moments.training(b, c), rows, x)});
      }
  }
  /// For each block, the penalty with the lowest log-loss on the others: among all candidates, or among those up to the
  /// first that is worse in every block than an earlier one.
  [[nodiscard]] std::vector<double> choose(std::span<std::int64_t const> labels, bool all) const;
};

/// The classes of one labeling in a training set, numbered in order.
class LogisticProbe::Classes {
 public:
  Classes(std::vector<std::int64_t> const& rows, std::span<std::int64_t const> labels) {
    for (auto const row : rows)
      if (auto const label = labels[static_cast<std::size_t>(row)]; label >= 0) {
        ++count_[label];
        ++total_;
      }
    for (auto const& [label, count] : count_) {
      if (count > majority_count_) {
        majority_ = label;
        majority_count_ = count;
      }
      index_[label] = static_cast<std::int32_t>(index_.size());
    }
    if (!usable()) return;
    for (auto const label : labels) of_row_.push_back(index(label));
  }
  [[nodiscard]] bool usable() const { return count_.size() > 1; }
  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(count_.size()); }
  /// The class of each row, including rows outside the set; -1 for a class that the set lacks.
  [[nodiscard]] std::span<std::int32_t const> of_row() const { return of_row_; }
  [[nodiscard]] std::int64_t majority() const { return majority_; }
  [[nodiscard]] double share(std::int64_t label) const {
    return static_cast<double>(count_.at(label)) / static_cast<double>(total_);
  }

 private:
  [[nodiscard]] std::int32_t index(std::int64_t label) const {
    auto const found = index_.find(label);
    return found == index_.end() ? -1 : found->second;
  }
  std::map<std::int64_t, std::int64_t> count_;
  std::map<std::int64_t, std::int32_t> index_;
  std::vector<std::int32_t> of_row_;
  std::int64_t majority_ = 0, majority_count_ = 0, total_ = 0;
};

/// One labeling of the rows of a set, and its read-out: null if the rows have fewer than two classes.
struct LogisticProbe::Fit {
  Sets::Set const& set;
  Classes classes;
  std::unique_ptr<SoftmaxRegression> regression;

  Fit(Sets const& sets, Sets::Set const& of, std::span<std::int64_t const> labels) : set(of), classes(of.rows, labels) {
    if (classes.usable())
      regression = std::make_unique<SoftmaxRegression>(sets.x, set.training, classes.of_row(), classes.count());
  }
  /// Predictions of a read-out of these classes for some rows.
  [[nodiscard]] std::vector<HeldRow> held(SoftmaxRegression const& of, std::vector<std::int64_t> const& rows,
                                          std::span<std::int64_t const> labels) const;
};

std::vector<HeldRow> LogisticProbe::Fit::held(SoftmaxRegression const& of, std::vector<std::int64_t> const& rows,
                                              std::span<std::int64_t const> labels) const {
  auto const log_p = of.log_probabilities(RowSet(rows));
  auto const width = static_cast<std::size_t>(classes.count());
  std::vector<HeldRow> result;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto const row = static_cast<std::size_t>(rows[i]);
    if (labels[row] < 0) continue;
    auto const* const of_row = log_p.data() + i * width;
    auto const best = std::max_element(of_row, of_row + width) - of_row;
    auto own = classes.of_row()[row];
    if (own >= 0 && !of.has_class(own)) own = -1;
    result.push_back({.row = rows[i],
                      .label = labels[row],
                      .found = own == best,
                      .by_majority = labels[row] == classes.majority(),
                      .loss = own < 0 ? statistics::undefined : -of_row[own],
                      .chance_loss = own < 0 ? statistics::undefined : -std::log(classes.share(labels[row]))});
  }
  return result;
}

LogisticProbe::LogisticProbe(Rows const& features, std::int64_t dims, ChronologicalFolds const& folds,
                             LogisticOptions const& options) {
  check(features, dims, folds, options);
  sets_ = std::make_unique<Sets>(features, dims, folds, options);
}
LogisticProbe::LogisticProbe(LogisticProbe&&) noexcept = default;
LogisticProbe::~LogisticProbe() = default;

std::vector<double> LogisticProbe::Sets::choose(std::span<std::int64_t const> labels, bool all) const {
  auto const count = static_cast<std::size_t>(folds.blocks());
  std::vector<double> chosen(count, penalties.front()), least(count, std::numeric_limits<double>::infinity());
  if (penalties.size() < 2) return chosen;
  SoftmaxRegression::Limits const rough{.decrease = (all ? 100 : 1000) *
                                                    tolerance};  // penalties differ by more than this tolerance
  std::vector<std::unique_ptr<Fit>> fits;
  for (auto const& set : pairs)
    if (auto fit = std::make_unique<Fit>(*this, set, labels); fit->regression) fits.push_back(std::move(fit));
  for (auto const penalty : penalties) {
    std::vector<Judged> judged(count);
    for (auto const& fit : fits) {
      fit->regression->fit(penalty, rough);
      judged[at(fit->set.b)].add(judge(fit->held(*fit->regression, fit->set.held_c, labels)));
      judged[at(fit->set.c)].add(judge(fit->held(*fit->regression, fit->set.held_b, labels)));
    }
    bool better = false;
    for (std::size_t b = 0; b < count; ++b)
      if (auto const loss = judged[b].loss / judged[b].rows; loss < least[b]) {
        least[b] = loss;
        chosen[b] = penalty;
        better = true;
      }
    if (!better && !all) break;
  }
  return chosen;
}

/// The fits that are scored, in the order of the blocks, and their predictions for the held-out rows.
struct LogisticProbe::Scored {
  std::vector<std::unique_ptr<Fit>> fits;
  HeldFolds held;
  LogisticScore score;
};

LogisticProbe::Scored LogisticProbe::scored(std::span<std::int64_t const> labels, bool all_penalties) const {
  auto const& folds = sets_->folds;
  if (static_cast<std::int64_t>(labels.size()) != folds.rows())
    throw errors::usage(fmt::format("{} labels for {} rows", labels.size(), folds.rows()), "each row needs one",
                        "Pass one per row");
  auto const penalties = sets_->choose(labels, all_penalties);
  Scored all;
  auto& score = all.score;
  for (auto const& set : sets_->blocks) {
    auto& held = all.held.emplace_back();
    auto& fit = *all.fits.emplace_back(std::make_unique<Fit>(*sets_, set, labels));
    auto& penalty = score.penalty.emplace_back(statistics::undefined);
    if (fit.regression) {
      penalty = penalties[at(set.b)];
      if (!fit.regression->fit(penalty, {.decrease = (all_penalties ? 1 : 10) * sets_->tolerance}))
        score.converged = false;
      held = fit.held(*fit.regression, set.held_b, labels);
    }
    score.rows.push_back(static_cast<std::int64_t>(held.size()));
    score.unseen.push_back(
        std::count_if(held.begin(), held.end(), [](auto const& row) { return std::isnan(row.loss); }));
  }
  score.accuracy = accuracy(all.held, &HeldRow::found);
  score.balanced_accuracy = balanced_accuracy(all.held, &HeldRow::found);
  score.log_loss = mean_loss(all.held, &HeldRow::loss);
  score.chance_accuracy = accuracy(all.held, &HeldRow::by_majority);
  score.chance_balanced_accuracy = balanced_accuracy(all.held, &HeldRow::by_majority);
  score.chance_log_loss = mean_loss(all.held, &HeldRow::chance_loss);
  score.accuracy.se = score.balanced_accuracy.se = score.log_loss.se = statistics::undefined;
  return all;
}

LogisticScore LogisticProbe::score_control(std::span<std::int64_t const> labels) const {
  return scored(labels, false).score;
}

LogisticScore LogisticProbe::score(std::span<std::int64_t const> labels) const {
  auto const& folds = sets_->folds;
  auto const all = scored(labels, true);
  std::vector<HeldFolds> changed;
  for (std::int64_t g = 0; g < folds.groups(); ++g) {
    auto const group = folds.group(g);
    auto const outside = [&](std::int64_t row) { return row < group.first || row >= group.end; };
    auto& held = changed.emplace_back();
    for (auto const& fit : all.fits) {
      auto const b = at(fit->set.b);
      auto& rows = held.emplace_back();
      if (!folds.in_block(group, fit->set.b) && fit->regression) {
        std::vector<std::int64_t> left;
        std::copy_if(fit->set.rows.begin(), fit->set.rows.end(), std::back_inserter(left), outside);
        RowSet const training(left);
        auto regression = fit->regression->from(training);
        regression.fit(all.score.penalty[b], {.decrease = 10 * sets_->tolerance});
        rows = fit->held(regression, fit->set.held_b, labels);
      }
    }
  }
  auto result = all.score;
  auto const error = [&](double (*score)(HeldRow const&)) {
    return error_over_draws(influence_on_mean(all.held, changed, score, folds.rows()), folds, true);
  };
  if (std::isnan(result.accuracy.value)) return result;
  result.accuracy.se = error([](HeldRow const& row) { return row.found ? 1.0 : 0.0; });
  result.balanced_accuracy.se = error_over_draws(influence_on_balanced(all.held, changed, folds), folds, true);
  result.log_loss.se = error([](HeldRow const& row) { return row.loss; });
  return result;
}

}  // namespace mambasynth::analysis::representation
