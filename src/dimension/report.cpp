#include "dimension/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "analysis/document/table.hpp"

namespace mambasynth::dimension {
namespace {

using namespace analysis::dimension;
using analysis::document::nothing;

/// "2.134 ± 0.021 (0.043)": the nominal error, and the one by blocks.
std::string with_errors(Estimate const& estimate) {
  if (!std::isfinite(estimate.value)) return nothing;
  auto text = fmt::format("{:.3f}", estimate.value);
  if (std::isfinite(estimate.se)) text += fmt::format(" ± {:.3f}", estimate.se);
  if (std::isfinite(estimate.se_blocks)) text += fmt::format(" ({:.3f})", estimate.se_blocks);
  return text;
}

/// Estimators along an axis, the ones over all rows last.
std::vector<Estimator const*> columns_along(Axis axis) {
  std::vector<Estimator const*> columns;
  std::copy_if(estimators.begin(), estimators.end(), std::back_inserter(columns),
               [&](auto const* estimator) { return estimator->axis == axis; });
  std::stable_partition(columns.begin(), columns.end(), [](auto const* estimator) { return !estimator->all_rows; });
  return columns;
}

/// A line for each rank, a column for each estimator along the axis.
std::string curves(DimensionEstimates const& all, Axis axis, double unit) {
  bool const by_n1 = axis == Axis::n1;
  auto const& ranks = by_n1 ? all.n1 : all.k;
  auto const& distance = by_n1 ? all.distance_n1 : all.distance_k;
  auto const columns = columns_along(axis);
  auto text = fmt::format("{:<6} {:>9}", by_n1 ? "n1" : "k", "distance");
  auto const width = [](Estimator const& estimator) { return std::max<std::size_t>(24, estimator.label().size()); };
  for (auto const* estimator : columns) text += fmt::format(" {:>{}}", estimator->label(), width(*estimator));
  text += "\n";
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    text += fmt::format("{:<6} {:>9.4g}", ranks[i], distance[i] / unit);
    for (auto const* estimator : columns)
      text += fmt::format(" {:>{}}", with_errors(all[*estimator][i]), width(*estimator));
    if (by_n1 && all.plateau && i >= all.plateau->first && i <= all.plateau->last) text += "  plateau";
    text += "\n";
  }
  return text;
}

/// A line for each family: "TwoNN  maximum likelihood 2.1 ± 0.1, least squares 2.0 ± 0.1".
std::string scalars(DimensionEstimates const& all) {
  std::string text;
  std::string_view family;
  for (auto const* estimator : columns_along(Axis::none)) {
    text += estimator->family == family ? ", " : fmt::format("\n{}  ", estimator->family);
    if (!estimator->variant.empty()) text += fmt::format("{} ", estimator->variant);
    text += with_errors(all[*estimator][0]);
    family = estimator->family;
  }
  return text + "\n";
}

std::string others(Measured const& measured) {
  std::string text;
  for (std::size_t i = 0; i < measured.radii.size(); ++i)
    text += fmt::format("{}{:<6} {:>34}\n", i == 0 ? "\nradius                     binomial\n" : "", measured.radii[i],
                        with_errors(measured.binomial[i]));
  auto const& fci = measured.correlation;
  for (std::size_t i = 0; i < fci.k.size(); ++i)
    text += fmt::format("{}{:<6} {:>34} {:>8.4f}\n", i == 0 ? "\npatch              full correlation     misfit\n" : "",
                        fci.k[i], with_errors({fci.dimension[i], fci.se[i], fci.se_blocks[i]}), fci.residual[i]);
  return text;
}

std::string groups(Measured const& measured) {
  if (measured.groups.empty()) return {};
  auto text = fmt::format("\n{:<10} {:>8}", measured.labels_name == "circle_id" ? "circle" : "label", "rows");
  for (auto const k : measured.all.k) text += fmt::format(" {:>9}", fmt::format("LB k={}", k));
  text += fmt::format(" {:>9}   LB: {}; TwoNN: {}\n", "TwoNN", levina_bickel.label(), two_nn_ml.variant);
  auto const field = [](double value) {
    return fmt::format(" {:>9}", std::isfinite(value) ? fmt::format("{:.3f}", value) : nothing);
  };
  for (auto const& group : measured.groups) {
    text += fmt::format("{:<10} {:>8}", group.label, group.points);
    auto const& e = group.estimates;
    for (std::size_t i = 0; i < measured.all.k.size(); ++i)
      text += field(i < e.k.size() ? e[levina_bickel][i].value : std::nan(""));
    text += field(e.points > 0 ? e[two_nn_ml][0].value : std::nan("")) + "\n";
  }
  return text;
}

}  // namespace

std::string report(Measured const& measured) {
  auto const& all = measured.all;
  auto const unit = measured.noise_distance() > 0 ? measured.noise_distance() : 1;
  auto text =
      fmt::format("{}: {} of {} rows, {} dimensions, {} with a copy\n", measured.array, measured.points, measured.rows,
                  measured.dims, all.duplicates) +
      fmt::format(
          "nominal error (a lower bound), in parentheses the error over stretches of time; distances in {}\n\n",
          measured.noise > 0 ? fmt::format("units of the noise ({:.4g})", unit) : std::string("the data's own units")) +
      curves(all, Axis::k, unit) + scalars(all) + "\n" + curves(all, Axis::n1, unit) + others(measured) +
      groups(measured);
  auto const reason =
      analysis::document::reason_for_nothing(text, "too few rows have enough neighbors at distinct distances");
  return reason.empty() ? text : text + "\n" + reason;
}

}  // namespace mambasynth::dimension
