#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/collate/measure.hpp"
#include "analysis/collate/table.hpp"
#include "analysis/plot/page.hpp"

/// A sweep as figures see it: cells with names and colors, their values by seed, and controls.
namespace mambasynth::analysis::collate {

/// A figure before it is drawn.
struct Sheet {
  plot::Page page;
  std::string title, caption;
};

/// Cells that share a page: they have the same values on all axes but the first.
struct CellGroup {
  std::string rest;                ///< those values, "d_state = 16"; empty if there is one axis
  std::vector<std::size_t> cells;  ///< of the table, by the first axis

  /// ", d_state = 16", for titles; empty if there is one axis.
  [[nodiscard]] std::string suffix() const { return rest.empty() ? "" : ", " + rest; }
};

class FigureCells {
 public:
  FigureCells(Table const& table, SweepFolder const& sweep);

  [[nodiscard]] Table const& table() const { return table_; }
  [[nodiscard]] SweepFolder const& sweep() const { return sweep_; }
  /// In groups of at most eight, since more curves cannot be told apart.
  [[nodiscard]] std::vector<CellGroup> const& groups() const { return groups_; }

  /// Within a group: "0.1", and what is special: "1 (baseline)", "0.1 (2 of 5 seeds)".
  [[nodiscard]] std::string name(std::size_t cell) const;
  [[nodiscard]] plot::LineStyle style(std::size_t cell) const { return styles_[cell]; }
  [[nodiscard]] bool baseline(std::size_t cell) const { return baseline_[cell]; }
  [[nodiscard]] std::int64_t planned_seeds(std::size_t cell) const { return planned_[cell]; }
  [[nodiscard]] bool complete(std::size_t cell) const { return table_.cells[cell].seeds >= planned_[cell]; }

  /// Within the measure's bounds; n = 0 if the cell does not have it.
  [[nodiscard]] Interval interval(std::size_t cell, std::string const& measure) const;
  /// The seeds' values; each of the measures stands for those that a trial lacks before it.
  [[nodiscard]] std::vector<double> values(std::size_t cell, std::vector<std::string> const& measures) const;
  /// Mean over all done trials, seed by seed; NaN if no trial has it.
  [[nodiscard]] double over_all(std::string const& measure) const;
  [[nodiscard]] bool any(std::vector<std::string> const& measures) const;

  /// A cell's curve with bands over places, one measure at each.
  [[nodiscard]] plot::Series curve(std::size_t cell, std::vector<double> const& x,
                                   std::vector<std::string> const& measures) const;
  /// What the curves of all cells span, so that all pages of a figure have the same axis.
  [[nodiscard]] plot::Extent extent(std::vector<double> const& x, std::vector<std::string> const& measures) const;
  /// A control over the same places.
  [[nodiscard]] plot::Reference control(std::string const& name, std::vector<double> const& x,
                                        std::vector<std::string> const& measures, std::size_t dash) const;

  /// "95 % confidence interval of the mean over 5 seeds (Student's t)"; of single seeds, that there is none.
  [[nodiscard]] std::string interval_words() const;
  /// "Incomplete: 0.1 has 2 of 5 seeds." or nothing.
  [[nodiscard]] std::string incomplete_words() const;
  /// Of both: "Bands", "Bars"; after the group's values if it has any.
  [[nodiscard]] std::vector<std::string> notes(std::string const& what, CellGroup const& group = {}) const;
  /// The first axis in words; "Cell" without axes.
  [[nodiscard]] std::string legend_title() const;

 private:
  void group();

  Table const& table_;
  SweepFolder const& sweep_;
  std::vector<CellGroup> groups_;
  std::vector<plot::LineStyle> styles_;
  std::vector<bool> baseline_;
  std::vector<std::int64_t> planned_;
  std::vector<std::vector<CollatedTrial const*>> trials_;
};

/// "d_state = 16, max_horizon = 4": the values of the axes from `first` to before `end`.
std::string values_of_axes(Cell const& cell, Table const& table, std::size_t first, std::size_t end);

/// Extends `extent` by a series and its intervals.
void include(plot::Extent& extent, plot::Series const& series);

/// What its page is of a figure of several: names it NAME_2 and titles it after its group.
void number_pages(std::vector<Sheet>& sheets);

}  // namespace mambasynth::analysis::collate
