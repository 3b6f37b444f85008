#include "analysis/collate/dose_response.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "analysis/collate/compared_measures.hpp"
#include "analysis/collate/numbers.hpp"
#include "analysis/collate/sweep_design.hpp"
#include "store/csv.hpp"

namespace mambasynth::analysis::collate {
namespace {

constexpr std::size_t fewest_values = 3;

std::optional<double> number_of(std::string const& axis, std::string const& written) {
  return parsed_number(canonical_of(axis, written));
}

/// The values along an axis; none if a cell's value is not a number.
std::optional<std::vector<double>> places_on(std::string const& axis, Table const& table) {
  if (axis == trial_axis) return std::nullopt;
  std::vector<double> places;
  for (auto const& cell : table.cells) {
    auto const at = cell.axes.find(axis);
    auto const number = at == cell.axes.end() ? std::nullopt : number_of(axis, at->second);
    if (!number) return std::nullopt;
    places.push_back(*number);
  }
  return places;
}

/// Cells that differ only along the axis, in its order.
using Line = std::map<double, std::size_t>;
using Lines = std::map<std::map<std::string, std::string>, Line>;

/// None if two cells have the same place on a line.
std::optional<Lines> lines_along(std::vector<double> const& places, std::set<std::string> const& moving,
                                 Table const& table) {
  Lines lines;
  for (std::size_t c = 0; c < table.cells.size(); ++c) {
    auto others = table.cells[c].axes;
    for (auto const& axis : moving) others.erase(axis);
    if (!lines[others].emplace(places[c], c).second) return std::nullopt;
  }
  return lines;
}

/// The axis with those that vary together with it, unless these tell apart cells that are equal along it.
Lines lines_of(std::string const& axis, std::vector<double> const& places, Table const& table,
               std::vector<std::vector<SweepDesign>> const& designs) {
  std::set<std::string> moving{axis};
  for (auto const& of_cell : designs)
    for (auto const& design : of_cell)
      for (auto const& other : table.axes)
        if (design.together(other, {axis})) moving.insert(other);
  auto lines = lines_along(places, moving, table);
  if (!lines) lines = lines_along(places, {axis}, table);
  return lines.value_or(Lines());
}

/// (seed, x); NaN where a seed has no value.
std::vector<std::vector<double>> by_seed(ComparedMeasure const& measure, std::vector<std::size_t> const& cells) {
  std::map<std::string, std::vector<double>> values;
  for (std::size_t i = 0; i < cells.size(); ++i)
    for (auto const& [seed, value] : measure.of_cell[cells[i]])
      values.try_emplace(seed, cells.size(), statistics::undefined).first->second[i] = value;
  std::vector<std::vector<double>> all;
  for (auto& [seed, of_seed] : values) all.push_back(std::move(of_seed));
  return all;
}

std::optional<DoseResponse> response_along(Line const& line, ComparedMeasure const& measure) {
  DoseResponse response;
  response.measure = measure.name;
  for (auto const& [x, cell] : line) {
    if (measure.of_cell[cell].empty()) continue;  // a cell that failed as a whole
    response.x.push_back(x);
    response.cells.push_back(cell);
  }
  if (response.x.size() < fewest_values) return std::nullopt;
  response.trend = statistics::trend_of(response.x, by_seed(measure, response.cells));
  return response;
}

}  // namespace

std::vector<DoseResponse> dose_responses(Table const& table, SweepFolder const& sweep,
                                         std::vector<std::string> const& asked) {
  std::vector<DoseResponse> responses;
  auto const measures = shown_values(table, sweep, asked);
  auto const designs = designs_of_cells(table, sweep);
  for (auto const& axis : table.axes) {
    auto const places = places_on(axis, table);
    if (!places) continue;
    for (auto const& [others, line] : lines_of(axis, *places, table, designs))
      for (auto const& measure : measures)
        if (auto response = response_along(line, measure)) {
          response->axis = axis;
          response->at = others;
          responses.push_back(std::move(*response));
        }
  }
  return responses;
}

std::string to_csv(std::vector<DoseResponse> const& responses, Table const& table) {
  std::vector<std::string> fields{"axis",
                                  "measure",
                                  "n",
                                  "slope",
                                  "ci_low",
                                  "ci_high",
                                  "scale",
                                  "spearman",
                                  "spearman_ci_low",
                                  "spearman_ci_high",
                                  "cells",
                                  "apart",
                                  "seeds_left_out"};
  bool const several = table.axes.size() > 1;
  if (several) fields.insert(fields.end(), table.axes.begin(), table.axes.end());
  auto text = store::csv::line(fields) + "\n";
  for (auto const& [axis, measure, at, x, cells, trend] : responses) {
    fields = {axis, measure, fmt::format("{}", trend.slope.n)};
    for (auto const value : {trend.slope.mean, trend.slope.low, trend.slope.high})
      fields.push_back(store::csv::number(value));
    fields.emplace_back(trend.scale.logarithmic ? "log10" : "linear");
    for (auto const value : {trend.spearman, trend.spearman_low, trend.spearman_high})
      fields.push_back(store::csv::number(value));
    fields.push_back(fmt::format("{}", trend.cells));
    fields.push_back(fmt::format("{}", fmt::join(trend.scale.apart, " ")));
    fields.push_back(fmt::format("{}", trend.left_out));
    if (several)
      for (auto const& other : table.axes) {
        auto const held = at.find(other);
        fields.push_back(held == at.end() ? "" : held->second);
      }
    text += store::csv::line(fields) + "\n";
  }
  return text;
}

}  // namespace mambasynth::analysis::collate
