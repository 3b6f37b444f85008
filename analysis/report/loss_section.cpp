#include <fmt/format.h>

#include <algorithm>

#include "analysis/collate/measure.hpp"
#include "analysis/collate/shown_measures.hpp"
#include "analysis/report/measure_tables.hpp"
#include "analysis/report/sections.hpp"

namespace mambasynth::analysis::report {
namespace {

constexpr char const* in_whole[] = {"train_mse", "val_mse", "test_mse"};
constexpr char const* by_horizon[] = {"test_mse", "bayes_mse", "excess_mse"};

}  // namespace

document::Section loss_section(Material const& material) {
  auto const& table = material.chapter.collation.table;
  std::vector<NamedMeasure> losses, horizons;
  bool has_optimum = false;
  for (auto const* name : in_whole) losses.push_back({collate::describe(name).label, name});
  for (auto const* base : by_horizon)
    for (auto const& measure : table.measures)
      if (auto const described = collate::describe(measure); described.base == base && described.horizon) {
        horizons.push_back({described.label, measure});
        has_optimum = has_optimum || described.base == "excess_mse";
      }
  document::Section section{.title = has_optimum ? "Losses and excess over the Bayes optimum" : "Losses",
                            .label = material.label("losses")};
  std::stable_sort(horizons.begin(), horizons.end(), [](auto const& a, auto const& b) {
    return collate::describe(a.name).horizon < collate::describe(b.name).horizon;
  });
  auto const add = [&](std::vector<NamedMeasure> const& measures, std::string const& label,
                       std::string const& caption) {
    auto shown = measures_table(table, "Measure", measures);
    if (shown.rows.empty()) return;
    shown.label = material.label(label);
    shown.caption = caption;
    section.blocks.emplace_back(std::move(shown));
  };
  if (auto const optimum = collate::shared_optimum(table))
    section.blocks.emplace_back(document::Paragraph{fmt::format(
        "One step ahead, no predictor can reach a mean squared error below {:.4g} on the test series: that is the "
        "error of the exact Bayes filter of the generating process. The excess is what a network's error adds to it.",
        *optimum)});
  add(losses, "losses", "Mean squared errors of the best checkpoint, over all horizons.");
  add(horizons, "horizons",
      has_optimum ? "Test error, least possible error (Bayes optimum), and excess by horizon."
                  : "Test error by horizon.");
  append(section.blocks, figures_named(material, "sweep_errors"));
  append(section.blocks, figures_named(material, "sweep_training"));
  return section;
}

}  // namespace mambasynth::analysis::report
