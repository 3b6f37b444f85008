#include "analysis/collate/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <set>

#include "analysis/collate/by_seed.hpp"
#include "analysis/collate/shown_dimension.hpp"
#include "analysis/collate/summary_figure.hpp"
#include "analysis/collate/training_curves.hpp"
#include "analysis/plot/layer_axis.hpp"
#include "analysis/trial_file/trial_layout.hpp"

namespace mambasynth::analysis::collate {
namespace {

using plot::Curve;
using plot::Curves;
using plot::Panel;

/// Measures' names at each x.
using Names = std::vector<std::string>;
using NameAt = std::function<std::string(std::string const&)>;

Names names_at(Names const& places, NameAt const& name) {
  Names names;
  std::transform(places.begin(), places.end(), std::back_inserter(names), name);
  return names;
}

void add(Curve& curve, Interval const& interval) {
  curve.mean.push_back(interval.mean);
  curve.low.push_back(interval.low);
  curve.high.push_back(interval.high);
}

class Numbers {
 public:
  Numbers(Table const& table, SweepFolder const& sweep) : table_(table), sweep_(sweep) {}

  /// One curve for each cell.
  [[nodiscard]] std::vector<Curve> of_cells(Names const& measures) const {
    std::vector<Curve> curves;
    for (auto const& cell : table_.cells) {
      Curve curve{.name = name_of(cell, table_), .mean = {}, .low = {}, .high = {}};
      for (auto const& measure : measures) {
        auto const at = cell.measures.find(measure);
        add(curve, at == cell.measures.end() ? interval_of({}) : at->second);
      }
      curves.push_back(std::move(curve));
    }
    return curves;
  }
  /// Means over all done trials, seed by seed.
  [[nodiscard]] Curve over_all(std::string const& name, Names const& measures) const {
    Curve curve{.name = name, .mean = {}, .low = {}, .high = {}};
    for (auto const& measure : measures) {
      auto const values = pooled(sweep_, measure);
      curve.mean.push_back(values ? values->interval().mean : std::nan(""));
    }
    return curve;
  }
  [[nodiscard]] bool any(Names const& measures) const {
    return std::any_of(measures.begin(), measures.end(), [&](auto const& name) {
      auto const values = pooled(sweep_, name);
      return values && values->values() > 0;
    });
  }

  [[nodiscard]] Curves empty(std::string const& name, std::string const& xlabel) const {
    return {.name = name, .legend_title = axes_title(table_), .xlabel = xlabel, .x = {}, .ticks = {}, .panels = {}};
  }
  [[nodiscard]] Curves by_layer(std::string const& name, Names const& layers) const {
    return plot::over_layers(name, axes_title(table_), layers);
  }

  Table const& table_;

 private:
  SweepFolder const& sweep_;
};

void note_new(Names& all, std::string_view name) {
  if (std::find(all.begin(), all.end(), name) == all.end()) all.emplace_back(name);
}

Curves dimension_figure(Numbers const& numbers) {
  std::string const k(shown_k(numbers.table_));
  Names layers;
  for (auto const& measure : numbers.table_.measures)
    if (auto const name = parse_dimension(measure); !name.k.empty()) note_new(layers, name.layer);
  auto figure = numbers.by_layer("sweep_dimension", layers);
  auto const panel = [&](std::string const& part, std::string const& title, std::string const& estimator,
                         std::string const& end) {
    auto const measured = names_at(layers, [&](auto const& layer) { return estimator + "." + layer + end; });
    if (!numbers.any(measured)) return;
    Panel drawn{
        .part = part, .title = title, .ylabel = "dimension", .curves = numbers.of_cells(measured), .references = {}};
    for (auto const& [control, name] :
         {std::pair{"untrained.", "untrained network"}, {"shuffled.", "shuffled features"}})
      drawn.references.push_back(numbers.over_all(
          name,
          names_at(measured, [&, prefix = std::string(control)](auto const& measure) { return prefix + measure; })));
    // What belongs to no layer is a horizontal line.
    for (auto const& [control, name] : {std::pair{"signal.", "noise-free signal"}, {"noise.", "pure noise"}})
      drawn.references.push_back(numbers.over_all(name, Names(layers.size(), control + estimator + end)));
    figure.panels.push_back(std::move(drawn));
  };
  for (auto const* estimator : dimension::estimators) {
    if (estimator->panel.part.empty()) continue;
    std::string const part(estimator->panel.part), title(estimator->panel.sweep_title), name(estimator->name);
    if (estimator->axis == dimension::Axis::none) panel(part, title, name, "");
    else panel(part, title + ", k = " + (k.empty() ? k : k.substr(1)), name, "." + k);
  }
  return figure;
}

Curves error_figure(Numbers const& numbers) {
  std::set<std::int64_t> horizons;
  for (auto const& measure : numbers.table_.measures)
    for (std::string const start : {"test_mse.h", "val_mse.h"})
      if (measure.starts_with(start)) horizons.insert(std::atoll(measure.c_str() + start.size()));
  auto figure = numbers.empty("sweep_errors", "horizon, steps");
  figure.log2_x = true;
  Names places;
  for (auto const horizon : horizons) {
    figure.x.push_back(static_cast<double>(horizon));
    places.push_back(std::to_string(horizon));
  }
  figure.ticks = places;
  auto const panel = [&](std::string const& measure, std::string const& title, std::string const& optimum) {
    auto const at = [&](std::string const& name) {
      return names_at(places, [&](auto const& horizon) { return name + ".h" + horizon; });
    };
    if (!numbers.any(at(measure))) return;
    Panel drawn{
        .part = measure, .title = title, .ylabel = "MSE", .curves = numbers.of_cells(at(measure)), .references = {}};
    if (!optimum.empty()) drawn.references.push_back(numbers.over_all("Bayes optimum", at(optimum)));
    figure.panels.push_back(std::move(drawn));
  };
  panel("excess_mse", "Test error beyond the Bayes optimum", "");
  panel("test_mse", "Test error", "bayes_mse");
  if (figure.panels.empty()) panel("val_mse", "Validation error", "val_bayes_mse");
  return figure;
}

Curves training_figure(Numbers const& numbers, SweepFolder const& sweep) {
  auto figure = numbers.empty("sweep_training", "epoch");
  auto const loss = validation_loss(numbers.table_, sweep);
  for (auto const epoch : loss.epoch) figure.x.push_back(static_cast<double>(epoch));
  if (figure.x.empty()) return figure;
  Panel panel{.part = "val_mse",
              .title = "Validation loss",
              .ylabel = "MSE, mean over horizons",
              .curves = {},
              .references = {},
              .log_y = true};
  for (std::size_t c = 0; c < loss.of_cell.size(); ++c) {
    Curve curve{.name = name_of(numbers.table_.cells[c], numbers.table_), .mean = {}, .low = {}, .high = {}};
    for (auto const& interval : loss.of_cell[c]) add(curve, interval);
    panel.curves.push_back(std::move(curve));
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

/// probe.<target>.<score>.<layer>; the score of a control begins with the name of the control.
struct ProbeName {
  std::string target, score, layer;
};
ProbeName parse_probe(std::string const& measure) {
  constexpr std::string_view start = "probe.";
  if (!measure.starts_with(start)) return {};
  auto const score = measure.find('.', start.size());
  auto const layer = score == std::string::npos ? score : measure.find('.', score + 1);
  if (layer == std::string::npos) return {};
  return {measure.substr(start.size(), score - start.size()), measure.substr(score + 1, layer - score - 1),
          measure.substr(layer + 1)};
}

Curves probe_figure(Numbers const& numbers) {
  constexpr std::pair<char const*, char const*> controls[] = {
      {trial_file::trial_layout::untrained_prefix, "untrained network"},
      {trial_file::trial_layout::shuffled_prefix, "shuffled"}};
  Names layers;
  std::vector<ProbeName> probes;  // one for each target and score
  for (auto const& measure : numbers.table_.measures) {
    auto const name = parse_probe(measure);
    if (name.layer.empty() || std::any_of(std::begin(controls), std::end(controls),
                                          [&](auto const& c) { return name.score.starts_with(c.first); }))
      continue;
    note_new(layers, name.layer);
    if (std::none_of(probes.begin(), probes.end(),
                     [&](auto const& p) { return p.target == name.target && p.score == name.score; }))
      probes.push_back(name);
  }
  auto figure = numbers.by_layer("sweep_probes", layers);
  for (auto const& [target, score, unused] : probes) {
    auto const at = [&, &target = target, &score = score](std::string const& control) {
      return names_at(
          layers, [&](auto const& layer) { return fmt::format("probe.{}.{}{}.{}", target, control, score, layer); });
    };
    if (!numbers.any(at(""))) continue;
    Panel panel{.part = target + "_" + score,
                .title = "Probe of " + target,
                .ylabel = score,
                .curves = numbers.of_cells(at("")),
                .references = {}};
    for (auto const& [control, name] : controls) panel.references.push_back(numbers.over_all(name, at(control)));
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

/// "bars: 95 % confidence interval of the mean over 3 seeds"; for test errors, adds that this excludes the error due to
/// the test series.
std::string interval_words(Table const& table, Curves const& figure) {
  std::int64_t fewest = 0, most = 0;
  for (auto const& cell : table.cells) {
    if (cell.n == 0) continue;
    fewest = fewest == 0 ? cell.seeds : std::min(fewest, cell.seeds);
    most = std::max(most, cell.seeds);
  }
  if (most < 2) return {};
  bool const of_test_errors = std::any_of(figure.panels.begin(), figure.panels.end(), [](auto const& panel) {
    return panel.part == "excess_mse" || panel.part == "test_mse";
  });
  return fmt::format("{}: 95 % {} over {} seeds{}", figure.x.size() > plot::most_bars ? "bands" : "bars",
                     of_test_errors ? "CI" : "confidence interval of the mean",
                     fewest == most ? fmt::format("{}", most) : fmt::format("{} to {}", fewest, most),
                     of_test_errors ? ", without test-series error" : "");
}

}  // namespace

void draw_sweep(Table const& table, SweepFolder const& sweep, std::filesystem::path const& folder) {
  Numbers const numbers(table, sweep);
  for (auto figure : {summary_figure(table, sweep), dimension_figure(numbers), error_figure(numbers),
                      training_figure(numbers, sweep), probe_figure(numbers)}) {
    figure.note = interval_words(table, figure);
    plot::draw_curves(figure, folder);
  }
}

}  // namespace mambasynth::analysis::collate
