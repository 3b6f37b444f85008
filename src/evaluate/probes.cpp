#include "evaluate/probes.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "analysis/representation/circular_shift.hpp"
#include "analysis/representation/logistic_probe.hpp"
#include "analysis/representation/ridge_probe.hpp"

namespace mambasynth::evaluate {
namespace {

namespace representation = analysis::representation;
using analysis::ProbeResult;
using analysis::ProbeScore;
using analysis::Scored;

constexpr std::int64_t stretches = 5, fewest_rows = 50;
constexpr std::uint64_t shift_seed = (std::uint64_t{4} << 32) | 42;  // numpy's default_rng([42, 4])

Scored scored(representation::FoldScores const& scores) { return {scores.value, scores.se}; }

analysis::Rows features(PanelRows const& panel) { return std::span<float const>(panel.values); }

/// Targets of the ridge probes, as they are and shifted in time.
class RidgeTargets {
 public:
  RidgeTargets(Targets const& targets, std::int64_t offset) {
    add("phase", targets.phase, 2, offset);
    add("revolutions_elapsed", targets.revolutions_elapsed, 1, offset);
    add("switch_hazard", targets.switch_hazard, 1, offset);
    add("next_circle", targets.next_circle, targets.circles, offset);
  }
  /// The targets as they are, then as many shifted ones.
  [[nodiscard]] std::vector<representation::Targets> with_shifted() const {
    auto all = true_;
    all.insert(all.end(), shifted_.begin(), shifted_.end());
    return all;
  }
  [[nodiscard]] std::vector<representation::Targets> const& unshifted() const { return true_; }

 private:
  void add(std::string const& name, std::vector<double> const& values, std::int64_t columns, std::int64_t offset) {
    if (values.empty()) return;
    kept_.push_back(representation::circular_shift(std::span<double const>(values), columns, offset));
    true_.push_back({name, std::span<double const>(values), columns});
    shifted_.push_back({name, std::span<double const>(kept_.back()), columns});
  }

  std::vector<std::vector<double>> kept_;  // moving a vector leaves its values where they are
  std::vector<representation::Targets> true_, shifted_;
};

/// probe(i) for i < count, side by side: the threads of one probe alone would wait for each other at its end.
template <class Probe>
auto side_by_side(std::size_t count, int threads, Probe const& probe) {
  std::vector<decltype(probe(count))> found(count);
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
  for (std::size_t i = 0; i < count; ++i) {
    try {
      found[i] = probe(i);
    } catch (...) {
#pragma omp critical
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  return found;
}

void probe_continuous(std::vector<ProbeResult>& results, PanelPair const& panels, RidgeTargets const& targets,
                      representation::ChronologicalFolds const& folds, int threads) {
  auto const& wanted = targets.unshifted();
  if (wanted.empty()) return;
  std::vector<ProbeScore> scores(wanted.size(), ProbeScore{.name = "r2"});
  representation::RidgeOptions options;
  options.threads = 1;
  auto const probe = [&](std::vector<PanelRows> const& of, std::vector<representation::Targets> const& asked) {
    return side_by_side(of.size(), threads, [&](std::size_t p) { return representation::ridge_probe(features(of[p]), of[p].dims, asked, folds, options); });
  };
  for (auto const& found : probe(panels.trained, targets.with_shifted()))
    for (std::size_t t = 0; t < wanted.size(); ++t) {
      scores[t].trained.push_back(scored(found[t].r2));
      scores[t].shuffled.push_back(scored(found[wanted.size() + t].r2));
    }
  for (auto const& found : probe(panels.untrained, wanted))
    for (std::size_t t = 0; t < wanted.size(); ++t) scores[t].untrained.push_back(scored(found[t].r2));
  for (std::size_t t = 0; t < wanted.size(); ++t) results.push_back({wanted[t].name, {std::move(scores[t])}});
}

void probe_circle(std::vector<ProbeResult>& results, PanelPair const& panels, std::vector<std::int64_t> const& circle,
                  std::int64_t offset, representation::ChronologicalFolds const& folds, int threads) {
  if (circle.empty()) return;
  auto const shifted = representation::circular_shift(std::span<std::int64_t const>(circle), 1, offset);
  std::vector<ProbeScore> scores{{.name = "accuracy"}, {.name = "balanced_accuracy"}, {.name = "log_loss"}};
  representation::LogisticOptions options;
  options.threads = 1;
  struct Task {
    PanelRows const& panel;
    std::vector<std::int64_t> const& labels;
    std::vector<Scored> ProbeScore::*into;
  };
  std::vector<Task> tasks;
  for (auto const& panel : panels.trained) tasks.push_back({panel, circle, &ProbeScore::trained});
  for (auto const& panel : panels.untrained) tasks.push_back({panel, circle, &ProbeScore::untrained});
  for (auto const& panel : panels.trained) tasks.push_back({panel, shifted, &ProbeScore::shuffled});
  auto const found = side_by_side(tasks.size(), threads, [&](std::size_t i) {
    return representation::logistic_probe(features(tasks[i].panel), tasks[i].panel.dims, tasks[i].labels, folds, options);
  });
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    (scores[0].*tasks[i].into).push_back(scored(found[i].accuracy));
    (scores[1].*tasks[i].into).push_back(scored(found[i].balanced_accuracy));
    (scores[2].*tasks[i].into).push_back(scored(found[i].log_loss));
  }
  scores[0].chance = found.front().chance_accuracy.value;  // of the circles as they are
  scores[1].chance = found.front().chance_balanced_accuracy.value;
  scores[2].chance = found.front().chance_log_loss.value;
  results.push_back({"circle", std::move(scores)});
}

}  // namespace

std::int64_t affordable_guard(std::int64_t rows, std::int64_t wanted) { return std::min(wanted, rows / (4 * stretches)); }

std::vector<ProbeResult> probe_panels(PanelPair const& panels, Targets const& targets, std::int64_t guard, int threads) {
  auto const rows = panels.trained.empty() ? 0 : panels.trained.front().count();
  if (rows < fewest_rows) return {};
  representation::ChronologicalFolds const folds(rows, stretches, guard);
  series::random::NumpyGenerator random(shift_seed);
  auto const offset = representation::shift_offset(rows, std::max<std::int64_t>(guard + 1, rows / 10), random);
  std::vector<ProbeResult> results;
  probe_circle(results, panels, targets.circle, offset, folds, threads);
  probe_continuous(results, panels, RidgeTargets(targets, offset), folds, threads);
  return results;
}

}  // namespace mambasynth::evaluate
