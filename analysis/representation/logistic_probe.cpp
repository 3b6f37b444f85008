#include "analysis/representation/logistic_probe.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <omp.h>
#include <optional>

#include "analysis/representation/finite_rows.hpp"
#include "analysis/representation/softmax_regression.hpp"
#include "analysis/undefined.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::representation {

namespace {


struct Data {
  Rows features;
  std::int64_t dims;
  std::span<std::int64_t const> labels;
  std::int64_t max_rows;

  /// Those with a label, at most max_rows.
  [[nodiscard]] std::vector<std::int64_t> usable(std::vector<std::int64_t> rows) const {
    std::erase_if(rows, [&](auto row) { return labels[static_cast<std::size_t>(row)] < 0; });
    return evenly(rows, max_rows);
  }
};

void add_chosen(Rows const& features, std::int64_t dims, std::vector<std::int64_t> const& rows, CrossMoments& moments) {
  constexpr std::size_t at_once = 1024;
  std::visit(
      [&](auto span) {
        std::vector<double> gathered;
        for (std::size_t first = 0; first < rows.size(); first += at_once) {
          gathered.clear();
          for (auto r = first; r < std::min(first + at_once, rows.size()); ++r) {
            auto const* const from = span.data() + rows[r] * dims;
            gathered.insert(gathered.end(), from, from + dims);
          }
          moments.add(Rows(std::span<double const>(gathered)));
        }
      },
      features);
}

/// A training set, ready for fits with one penalty after the other. Stays where it is: the regression refers to it.
class Training {
 public:
  Training(Data const& data, std::vector<std::int64_t> const& all) : data_(data) {
    auto const rows = data.usable(all);
    for (auto const row : rows) ++count_[data.labels[static_cast<std::size_t>(row)]];
    for (auto& [label, count] : count_) {
      if (count > count_[majority()]) majority_ = label;
      index_[label] = static_cast<std::int32_t>(index_.size());
      total_ += count;
    }
    if (count_.size() < 2) return;

    CrossMoments moments({data.dims}, 1);
    add_chosen(data.features, data.dims, rows, moments);
    scale_ = StandardisedRows::scale_of(moments);
    x_.emplace(data.features, data.dims, rows, scale_);
    for (auto const row : rows) classes_.push_back(index_[data.labels[static_cast<std::size_t>(row)]]);
    std::vector<double> correlation;
    for (std::int64_t j = 0; j < data.dims; ++j)
      for (std::int64_t i = 0; i < data.dims; ++i)
        correlation.push_back(moments.covariance(i, j) * scale_.inverse[static_cast<std::size_t>(i)] *
                              scale_.inverse[static_cast<std::size_t>(j)]);
    regression_.emplace(*x_, std::move(correlation), classes_, static_cast<std::int64_t>(count_.size()));
  }
  Training(Training const&) = delete;
  Training& operator=(Training const&) = delete;

  [[nodiscard]] bool usable() const { return regression_.has_value(); }
  [[nodiscard]] SoftmaxRegression& regression() { return *regression_; }
  [[nodiscard]] StandardisedRows standardised(std::vector<std::int64_t> const& rows) const {
    return {data_.features, data_.dims, rows, scale_};
  }
  /// Position of a label among the classes; -1 where training lacks it.
  [[nodiscard]] std::int32_t index(std::int64_t label) const {
    auto const found = index_.find(label);
    return found == index_.end() ? -1 : found->second;
  }
  [[nodiscard]] std::int64_t majority() const { return majority_ ? *majority_ : count_.begin()->first; }
  [[nodiscard]] double share(std::int64_t label) const {
    return static_cast<double>(count_.at(label)) / static_cast<double>(total_);
  }

 private:
  Data const& data_;
  std::map<std::int64_t, std::int64_t> count_;
  std::map<std::int64_t, std::int32_t> index_;
  std::optional<std::int64_t> majority_;
  std::int64_t total_ = 0;
  StandardisedRows::Scale scale_;
  std::optional<StandardisedRows> x_;
  std::vector<std::int32_t> classes_;
  std::optional<SoftmaxRegression> regression_;
};

/// Held-out rows by class, added up over folds for the scores of all.
struct Tally {
  struct Class {
    std::int64_t rows = 0, found = 0, by_majority = 0;
  };
  std::map<std::int64_t, Class> classes;
  std::int64_t rows = 0, known = 0;
  double loss = 0, chance_loss = 0;

  void add(Tally const& other) {
    for (auto const& [label, counts] : other.classes) {
      auto& own = classes[label];
      own.rows += counts.rows;
      own.found += counts.found;
      own.by_majority += counts.by_majority;
    }
    rows += other.rows;
    known += other.known;
    loss += other.loss;
    chance_loss += other.chance_loss;
  }
  [[nodiscard]] double accuracy(std::int64_t Class::*right) const {
    std::int64_t sum = 0;
    for (auto const& [label, counts] : classes) sum += counts.*right;
    return rows > 0 ? static_cast<double>(sum) / static_cast<double>(rows) : undefined;
  }
  [[nodiscard]] double balanced(std::int64_t Class::*right) const {
    double sum = 0;
    for (auto const& [label, counts] : classes)
      sum += static_cast<double>(counts.*right) / static_cast<double>(counts.rows);
    return rows > 0 ? sum / static_cast<double>(classes.size()) : undefined;
  }
  [[nodiscard]] double mean(double Tally::*total) const {
    return known > 0 ? this->*total / static_cast<double>(known) : undefined;
  }
};

/// Held-out rows under the scale of a training set.
struct Held {
  std::vector<std::int64_t> rows;
  StandardisedRows features;
  Held(Data const& data, Training const& training, std::vector<std::int64_t> const& all)
      : rows(data.usable(all)), features(training.standardised(rows)) {}
};

Tally score(Data const& data, Training& training, Held const& held) {
  auto const& rows = held.rows;
  auto const log_p = training.regression().log_probabilities(held.features);
  auto const count = rows.size(), classes = count > 0 ? log_p.size() / count : 0;
  Tally tally;
  for (std::size_t r = 0; r < count; ++r) {
    auto const label = data.labels[static_cast<std::size_t>(rows[r])];
    auto const own = training.index(label);
    std::size_t best = 0;
    for (std::size_t k = 1; k < classes; ++k)
      if (log_p[k * count + r] > log_p[best * count + r]) best = k;
    auto& of_class = tally.classes[label];
    ++tally.rows;
    ++of_class.rows;
    of_class.found += own == static_cast<std::int32_t>(best);
    of_class.by_majority += label == training.majority();
    if (own < 0) continue;
    ++tally.known;
    tally.loss -= log_p[static_cast<std::size_t>(own) * count + r];
    tally.chance_loss -= std::log(training.share(label));
  }
  return tally;
}

FoldScores over_folds(std::vector<Tally> const& folds, Tally const& all, auto&& measure) {
  std::vector<double> values;
  for (auto const& fold : folds) values.push_back(measure(fold));
  return fold_scores(measure(all), std::move(values));
}

void check(Data const& data, ChronologicalFolds const& folds, LogisticOptions const& options) {
  auto const& penalties = options.penalties;
  if (penalties.empty() ||
      !std::all_of(penalties.begin(), penalties.end(), [](double p) { return p > 0 && std::isfinite(p); }))
    throw errors::usage(fmt::format("{} penalties of a logistic probe", penalties.size()),
                        "without a penalty > 0 separable classes have no best read-out",
                        "pass one or more positive numbers");
  if (options.max_rows < 1)
    throw errors::usage(fmt::format("at most {} rows", options.max_rows), "nothing is left to train on",
                        "use 1 or more");
  if (static_cast<std::int64_t>(data.labels.size()) != folds.rows())
    throw errors::usage(fmt::format("{} labels of {} rows", data.labels.size(), folds.rows()), "each row has one",
                        "pass as many");
  require_finite(data.features, folds.rows(), data.dims, "the features");
}

}  // namespace

LogisticScore logistic_probe(Rows const& features, std::int64_t dims, std::span<std::int64_t const> labels,
                             ChronologicalFolds const& folds, LogisticOptions const& options) {
  Data const data{features, dims, labels, options.max_rows};
  check(data, folds, options);
  auto const threads = options.threads > 0 ? options.threads : omp_get_max_threads();
  auto const blocks = folds.blocks();
  auto penalties = options.penalties;
  std::sort(penalties.rbegin(), penalties.rend());  // from strong to weak, each fit starts where the last one ended
  SoftmaxRegression::Limits const limits{.decrease = options.tolerance};

  auto rough = limits;  // penalties differ by more than what this leaves
  rough.decrease *= 100;

  // With blocks b and c held out, the same fits judge the penalties for the test on b (by c) and on c (by b).
  std::vector<std::vector<Tally>> judged(static_cast<std::size_t>(blocks * blocks),
                                         std::vector<Tally>(penalties.size()));
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::int64_t pair = 0; pair < blocks * blocks; ++pair) {
    auto const b = pair / blocks, c = pair % blocks;
    if (b >= c || penalties.size() < 2) continue;
    Training training(data, folds.training(b, c));
    if (!training.usable()) continue;
    Held const of_b(data, training, folds.validation(b, c)), of_c(data, training, folds.validation(c, b));
    for (std::size_t p = 0; p < penalties.size(); ++p) {
      training.regression().fit(penalties[p], rough);
      judged[static_cast<std::size_t>(b * blocks + c)][p] = score(data, training, of_c);
      judged[static_cast<std::size_t>(c * blocks + b)][p] = score(data, training, of_b);
    }
  }

  auto const size = static_cast<std::size_t>(blocks);
  std::vector<Tally> scored(size);
  std::vector<char> ended(size, 1);  // not of bool, whose elements share bytes between threads
  LogisticScore result;
  result.penalty.assign(size, undefined);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::int64_t b = 0; b < blocks; ++b) {
    Training training(data, folds.training(b, b));
    if (!training.usable()) continue;
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t p = 0; p < penalties.size(); ++p) {
      Tally total;
      for (std::int64_t c = 0; c < blocks; ++c) total.add(judged[static_cast<std::size_t>(b * blocks + c)][p]);
      if (auto const loss = total.mean(&Tally::loss); loss < least) {
        best = p;
        least = loss;
      }
    }
    auto const at = static_cast<std::size_t>(b);
    result.penalty[at] = penalties[best];
    ended[at] = training.regression().fit(penalties[best], limits);
    scored[at] = score(data, training, Held(data, training, folds.validation(b, b)));
  }

  Tally all;
  for (auto const& fold : scored) {
    all.add(fold);
    result.rows.push_back(fold.rows);
    result.unseen.push_back(fold.rows - fold.known);
  }
  result.converged = std::all_of(ended.begin(), ended.end(), [](char one) { return one != 0; });
  using Class = Tally::Class;
  result.accuracy = over_folds(scored, all, [](Tally const& t) { return t.accuracy(&Class::found); });
  result.balanced_accuracy = over_folds(scored, all, [](Tally const& t) { return t.balanced(&Class::found); });
  result.log_loss = over_folds(scored, all, [](Tally const& t) { return t.mean(&Tally::loss); });
  result.chance_accuracy = over_folds(scored, all, [](Tally const& t) { return t.accuracy(&Class::by_majority); });
  result.chance_balanced_accuracy =
      over_folds(scored, all, [](Tally const& t) { return t.balanced(&Class::by_majority); });
  result.chance_log_loss = over_folds(scored, all, [](Tally const& t) { return t.mean(&Tally::chance_loss); });
  return result;
}

}  // namespace mambasynth::analysis::representation
