#include "evaluate/probes.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "analysis/representation/circular_shift.hpp"
#include "analysis/representation/logistic_probe.hpp"
#include "analysis/representation/ridge_probe.hpp"
#include "analysis/statistics/undefined.hpp"
#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::evaluate {
namespace {

namespace representation = analysis::representation;
using analysis::trial_file::ProbeResult;
using analysis::trial_file::ProbeScore;
using analysis::trial_file::Scored;
using analysis::trial_file::Shuffled;

constexpr std::int64_t stretches = 5, fewest_rows = 50;
constexpr std::uint64_t shift_seed = (std::uint64_t{4} << 32) | 42;  // numpy's default_rng([42, 4])

Scored scored(representation::FoldScores const& scores) { return {scores.value, scores.se}; }

analysis::representation::Rows features(PanelRows const& panel) { return std::span<float const>(panel.values); }

/// Mean and spread of the scores that the same probe reaches with each of the shifted targets; NaN is ignored.
class OverShifts {
 public:
  void add(double score) {
    if (std::isnan(score)) return;
    ++count_;  // Welford 1962 (Technometrics 4:419)
    auto const away = score - mean_;
    mean_ += away / count_;
    squares_ += away * (score - mean_);
  }
  [[nodiscard]] Shuffled result() const {
    return {count_ > 0 ? mean_ : analysis::statistics::undefined,
            count_ > 1 ? std::sqrt(squares_ / (count_ - 1)) : analysis::statistics::undefined};
  }

 private:
  double count_ = 0, mean_ = 0, squares_ = 0;
};

/// Targets of the ridge probes, original and shifted in time.
class RidgeTargets {
 public:
  RidgeTargets(Targets const& targets, std::vector<std::int64_t> const& offsets) {
    add("phase", targets.phase, 2);
    add("revolutions_elapsed", targets.revolutions_elapsed, 1);
    add("switch_hazard", targets.switch_hazard, 1);
    add("next_circle", targets.next_circle, targets.circles);
    all_ = true_;
    for (auto const offset : offsets)
      for (auto const& target : true_) {
        kept_.push_back(
            representation::circular_shift(std::get<std::span<double const>>(target.values), target.columns, offset));
        all_.push_back({target.name, std::span<double const>(kept_.back()), target.columns});
      }
  }
  [[nodiscard]] std::vector<representation::Targets> const& unshifted() const { return true_; }
  /// The original targets, then all of them once more for each shift.
  [[nodiscard]] std::vector<representation::Targets> const& with_shifted() const { return all_; }

 private:
  void add(std::string const& name, std::vector<double> const& values, std::int64_t columns) {
    if (!values.empty()) true_.push_back({name, std::span<double const>(values), columns});
  }

  std::vector<std::vector<double>> kept_;  // moving a vector does not move its values
  std::vector<representation::Targets> true_, all_;
};

/// Runs probe(i) for i < count in parallel: threads within one probe would wait for each other at its end.
template <class Probe>
auto side_by_side(std::size_t count, int threads, progress::Count& fits, Probe const& probe) {
  std::vector<decltype(probe(count))> found(count);
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
  for (std::size_t i = 0; i < count; ++i) {
    try {
      errors::check_stop();
      found[i] = probe(i);
      fits.add();
    } catch (...) {
#pragma omp critical
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  return found;
}

void probe_continuous(std::vector<ProbeResult>& results, PanelPair const& panels, RidgeTargets const& targets,
                      representation::ChronologicalFolds const& folds, int threads, progress::Count& fits) {
  auto const wanted = targets.unshifted().size();
  if (wanted == 0) return;
  representation::RidgeOptions options;
  options.threads = 1;
  options.with_error = static_cast<std::int64_t>(wanted);
  auto const trained = panels.trained.size();
  auto const found = side_by_side(trained + panels.untrained.size(), threads, fits, [&](std::size_t i) {
    auto const& panel = i < trained ? panels.trained[i] : panels.untrained[i - trained];
    return representation::ridge_probe(features(panel), panel.dims,
                                       i < trained ? targets.with_shifted() : targets.unshifted(), folds, options);
  });
  for (std::size_t t = 0; t < wanted; ++t) {
    ProbeScore score{.name = "r2"};
    for (std::size_t p = 0; p < trained; ++p) {
      score.trained.push_back(scored(found[p][t].r2));
      OverShifts shifts;
      for (auto shifted = t + wanted; shifted < found[p].size(); shifted += wanted)
        shifts.add(found[p][shifted].r2.value);
      score.shuffled.push_back(shifts.result());
    }
    for (std::size_t p = trained; p < found.size(); ++p) score.untrained.push_back(scored(found[p][t].r2));
    results.push_back({targets.unshifted()[t].name, {std::move(score)}});
  }
}

/// Probes of the circle for several panels, and the labelings that they score.
class CircleProbes {
 public:
  using Score = representation::LogisticScore;
  using Values = representation::FoldScores Score::*;

  CircleProbes(std::vector<std::int64_t> const& circle, std::vector<std::int64_t> const& offsets) : labels_{circle} {
    for (auto const offset : offsets)
      labels_.push_back(representation::circular_shift(std::span<std::int64_t const>(circle), 1, offset));
  }
  /// (panel, labeling): original circles, then shifted ones; only original ones for the untrained panels. All panels at
  /// once, so that no shifted labeling, which takes longest, runs last.
  void score(PanelPair const& panels, representation::ChronologicalFolds const& folds, int threads,
             progress::Count& fits) {
    trained_ = panels.trained.size();
    representation::LogisticOptions options;
    options.threads = 1;
    auto const probes = side_by_side(trained_ + panels.untrained.size(), threads, fits, [&](std::size_t p) {
      auto const& panel = p < trained_ ? panels.trained[p] : panels.untrained[p - trained_];
      return std::make_unique<representation::LogisticProbe>(features(panel), panel.dims, folds, options);
    });
    struct Task {
      std::size_t panel, labels;
    };
    std::vector<Task> tasks;  // longest first
    for (std::size_t p = 0; p < probes.size(); ++p) tasks.push_back({p, 0});
    for (std::size_t p = 0; p < trained_; ++p)
      for (std::size_t l = 1; l < labels_.size(); ++l) tasks.push_back({p, l});
    auto found = side_by_side(tasks.size(), threads, fits, [&](std::size_t t) {
      auto const& probe = *probes[tasks[t].panel];
      auto const& labels = labels_[tasks[t].labels];
      return tasks[t].labels == 0 ? probe.score(labels) : probe.score_control(labels);
    });
    scores_.resize(probes.size());
    for (std::size_t t = 0; t < tasks.size(); ++t) scores_[tasks[t].panel].push_back(std::move(found[t]));
  }
  [[nodiscard]] ProbeScore result(char const* name, Values values, Values chance) const {
    ProbeScore result{.name = name, .chance = (scores_.front().front().*chance).value};
    for (std::size_t p = 0; p < scores_.size(); ++p) {
      (p < trained_ ? result.trained : result.untrained).push_back(scored(scores_[p].front().*values));
      if (p >= trained_) continue;
      OverShifts shifts;
      for (std::size_t l = 1; l < scores_[p].size(); ++l) shifts.add((scores_[p][l].*values).value);
      result.shuffled.push_back(shifts.result());
    }
    return result;
  }

 private:
  std::vector<std::vector<std::int64_t>> labels_;
  std::vector<std::vector<Score>> scores_;
  std::size_t trained_ = 0;
};

ProbeResult probe_circle(PanelPair const& panels, std::vector<std::int64_t> const& circle,
                         std::vector<std::int64_t> const& offsets, representation::ChronologicalFolds const& folds,
                         int threads, progress::Count& fits) {
  using Score = representation::LogisticScore;
  CircleProbes probes(circle, offsets);
  probes.score(panels, folds, threads, fits);
  return {"circle",
          {probes.result("accuracy", &Score::accuracy, &Score::chance_accuracy),
           probes.result("balanced_accuracy", &Score::balanced_accuracy, &Score::chance_balanced_accuracy),
           probes.result("log_loss", &Score::log_loss, &Score::chance_log_loss)}};
}

}  // namespace

std::int64_t affordable_guard(std::int64_t rows, std::int64_t wanted) {
  return std::min(wanted, rows / (4 * stretches));
}

analysis::trial_file::Probes probe_panels(PanelPair const& panels, Targets const& targets, std::int64_t guard,
                                          int threads, std::int64_t shifts) {
  auto const rows = panels.trained.empty() ? 0 : panels.trained.front().count();
  if (rows < fewest_rows) return {};
  representation::ChronologicalFolds const folds(rows, stretches, guard, targets.visit);
  random::NumpyGenerator random(shift_seed);
  std::vector<std::int64_t> offsets;
  for (std::int64_t s = 0; s < shifts; ++s)
    offsets.push_back(representation::shift_offset(rows, std::max<std::int64_t>(guard + 1, rows / 10), random));
  analysis::trial_file::Probes probes{.targets = {}, .guard_steps = 0, .groups = folds.groups(), .shifts = shifts};
  // Of each panel: the circle's preparation, its labelings, and the continuous targets.
  auto const trained = std::ssize(panels.trained), all = trained + std::ssize(panels.untrained);
  progress::Count fits(targets.circle.empty() ? all : 3 * all + trained * shifts, "fit");
  if (!targets.circle.empty())
    probes.targets.push_back(probe_circle(panels, targets.circle, offsets, folds, threads, fits));
  probe_continuous(probes.targets, panels, RidgeTargets(targets, offsets), folds, threads, fits);
  return probes;
}

}  // namespace mambasynth::evaluate
