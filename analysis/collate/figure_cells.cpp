#include "analysis/collate/figure_cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/collate/baselines.hpp"
#include "analysis/collate/swept_axis.hpp"

namespace mambasynth::analysis::collate {
namespace {

constexpr std::size_t most_curves = 8;

/// Of all axes but the first.
std::string other_values(Cell const& cell, Table const& table) {
  return values_of_axes(cell, table, 1, table.axes.size());
}

}  // namespace

std::string values_of_axes(Cell const& cell, Table const& table, std::size_t first, std::size_t end) {
  std::vector<std::string> parts;
  for (std::size_t i = first; i < std::min(end, table.axes.size()); ++i)
    parts.push_back(
        fmt::format("{} = {}", brief_axis_words(table.axes[i]), value_words(value_of(cell, table.axes[i], "–"))));
  return fmt::format("{}", fmt::join(parts, ", "));
}

FigureCells::FigureCells(Table const& table, SweepFolder const& sweep)
    : table_(table), sweep_(sweep), baseline_(table.cells.size(), false), trials_(trials_of_cells(table, sweep)) {
  for (auto const& pair : baselines_of(table, sweep).pairs) baseline_[pair.baseline] = true;
  for (auto const& trials : trials_) {
    std::set<std::string> seeds;
    for (auto const* trial : trials) seeds.insert(seed_of(*trial));
    planned_.push_back(static_cast<std::int64_t>(seeds.size()));
  }
  group();
}

void FigureCells::group() {
  styles_.resize(table_.cells.size());
  if (table_.axes.empty()) {
    std::vector<std::size_t> all(table_.cells.size());
    for (std::size_t c = 0; c < all.size(); ++c) all[c] = c, styles_[c] = plot::category_style(c);
    if (!all.empty()) groups_.push_back({"", all});
    return;
  }
  auto const& axis = table_.axes.front();
  std::vector<std::string> values;
  for (auto const& cell : table_.cells) values.push_back(value_of(cell, axis, "–"));
  auto const swept = swept_axis(axis, values);
  std::vector<std::string> rests;
  for (auto const& cell : table_.cells)
    if (auto rest = other_values(cell, table_); std::find(rests.begin(), rests.end(), rest) == rests.end())
      rests.push_back(std::move(rest));
  for (auto const& rest : rests) {
    std::vector<std::size_t> cells;
    for (std::size_t v = 0; v < swept.values.size(); ++v)
      for (std::size_t c = 0; c < table_.cells.size(); ++c)
        if (values[c] == swept.values[v] && other_values(table_.cells[c], table_) == rest) {
          cells.push_back(c);
          styles_[c] = swept.ordered ? plot::ordered_style(v, swept.values.size()) : plot::category_style(v);
        }
    auto const pages = (cells.size() + most_curves - 1) / most_curves;
    for (std::size_t page = 0; page < pages; ++page)
      groups_.push_back({rest,
                         {cells.begin() + static_cast<std::ptrdiff_t>(page * cells.size() / pages),
                          cells.begin() + static_cast<std::ptrdiff_t>((page + 1) * cells.size() / pages)}});
  }
}

std::string FigureCells::name(std::size_t cell) const {
  auto const& of = table_.cells[cell];
  std::vector<std::string> special;
  if (baseline_[cell]) special.emplace_back("baseline");
  if (!complete(cell)) special.push_back(fmt::format("{} of {} seeds", of.seeds, planned_[cell]));
  auto const value =
      table_.axes.empty() ? std::string("All trials") : value_words(value_of(of, table_.axes.front(), "–"));
  return special.empty() ? value : fmt::format("{} ({})", value, fmt::join(special, ", "));
}

Interval FigureCells::interval(std::size_t cell, std::string const& measure) const {
  auto const at = table_.cells[cell].measures.find(measure);
  if (at == table_.cells[cell].measures.end()) return interval_of({});
  auto interval = at->second;
  auto const bounds = describe(measure).bounds;
  interval.low = std::isfinite(interval.low) ? std::max(interval.low, bounds.low) : interval.low;
  interval.high = std::isfinite(interval.high) ? std::min(interval.high, bounds.high) : interval.high;
  return interval;
}

std::vector<double> FigureCells::values(std::size_t cell, std::vector<std::string> const& measures) const {
  BySeed values;
  for (auto const* trial : trials_[cell]) {
    if (trial->outcome != Outcome::done || !trial->result) continue;
    for (auto const& measure : measures)
      if (auto const value = trial->result->measures.find(measure)) {
        values.add(seed_of(*trial), *value);
        break;
      }
  }
  std::vector<double> all;
  for (auto const& [seed, value] : values.of_seeds()) all.push_back(value);
  return all;
}

double FigureCells::over_all(std::string const& measure) const {
  auto const values = pooled(sweep_, measure);
  return values ? values->mean() : std::nan("");
}

bool FigureCells::any(std::vector<std::string> const& measures) const {
  return std::any_of(measures.begin(), measures.end(),
                     [&](auto const& measure) { return std::isfinite(over_all(measure)); });
}

plot::Series FigureCells::curve(std::size_t cell, std::vector<double> const& x,
                                std::vector<std::string> const& measures) const {
  plot::Series series{.name = name(cell), .style = styles_[cell], .x = x, .y = {}};
  for (auto const& measure : measures) {
    auto const value = interval(cell, measure);
    series.y.push_back(value.mean);
    series.low.push_back(value.low);
    series.high.push_back(value.high);
    series.open.push_back(!complete(cell));
  }
  series.joined = x.size() > 1;
  series.spread = series.joined ? plot::Spread::band : plot::Spread::bars;
  return series;
}

plot::Extent FigureCells::extent(std::vector<double> const& x, std::vector<std::string> const& measures) const {
  plot::Extent extent;
  for (std::size_t cell = 0; cell < table_.cells.size(); ++cell) include(extent, curve(cell, x, measures));
  return extent;
}

plot::Reference FigureCells::control(std::string const& name, std::vector<double> const& x,
                                     std::vector<std::string> const& measures, std::size_t dash) const {
  plot::Reference reference{.name = name, .x = x, .y = {}, .dash = dash};
  for (auto const& measure : measures) reference.y.push_back(over_all(measure));
  return reference;
}

std::string FigureCells::interval_words() const {
  std::int64_t fewest = 0, most = 0;
  for (auto const& cell : table_.cells) {
    if (cell.n == 0) continue;
    fewest = fewest == 0 ? cell.seeds : std::min(fewest, cell.seeds);
    most = std::max(most, cell.seeds);
  }
  if (most < 2) return {};
  return fmt::format("95 % confidence interval of the mean over {} seeds",
                     fewest == most ? fmt::format("{}", most) : fmt::format("{} to {}", fewest, most));
}

std::string FigureCells::incomplete_words() const {
  constexpr std::size_t most_named = 4;
  std::vector<std::string> parts;
  std::size_t incomplete = 0;
  for (std::size_t c = 0; c < table_.cells.size(); ++c) {
    if (complete(c)) continue;
    if (++incomplete <= most_named)
      parts.push_back(
          fmt::format("{} of {} seeds at {}", table_.cells[c].seeds, planned_[c], name_of(table_.cells[c], table_)));
  }
  if (incomplete == 0) return {};
  return fmt::format("Open marks: seeds are missing ({}{}).", fmt::join(parts, "; "),
                     incomplete > most_named ? fmt::format("; and {} more cells", incomplete - most_named) : "");
}

std::vector<std::string> FigureCells::notes(std::string const& what, CellGroup const& group) const {
  std::vector<std::string> notes;
  if (!group.rest.empty()) notes.push_back(fmt::format("At {}.", group.rest));
  auto const words = interval_words();
  notes.push_back(words.empty() ? "One seed: no intervals." : fmt::format("{}: {}.", what, words));
  if (auto incomplete = incomplete_words(); !incomplete.empty()) notes.push_back(std::move(incomplete));
  return notes;
}

std::string FigureCells::legend_title() const { return table_.axes.empty() ? "Cell" : axis_words(table_.axes.front()); }

void include(plot::Extent& extent, plot::Series const& series) {
  extent.add(series.y);
  for (std::size_t i = 0; i < series.low.size(); ++i) extent.add_interval(series.low[i], series.high[i]);
}

void number_pages(std::vector<Sheet>& sheets) {
  if (sheets.size() < 2) return;
  for (std::size_t i = 0; i < sheets.size(); ++i) sheets[i].page.name += fmt::format("_{}", i + 1);
}

}  // namespace mambasynth::analysis::collate
