#include "analysis/collate/controls_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/collate/by_seed.hpp"
#include "analysis/collate/estimate_cells.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/collate/shown_dimension.hpp"

namespace mambasynth::analysis::collate {
namespace {

constexpr char const* untrained = "untrained.";
constexpr std::array<std::pair<char const*, char const*>, 5> control_columns = {{{"", "trained"},
                                                                                 {untrained, "untrained"},
                                                                                 {"shuffled.", "shuffled features"},
                                                                                 {"signal.", "noise-free signal"},
                                                                                 {"noise.", "pure noise"}}};

/// Looks up the values of the table and collects the notes that they require.
class Values {
 public:
  explicit Values(SweepFolder const& sweep) : sweep_(sweep) {}

  /// Nothing if no trial has the measure as a finite number.
  std::optional<document::Cell> cell(std::string const& measure, std::string const& described, document::Table& table) {
    auto const pool = pooled(sweep_, measure);
    if (!pool) return std::nullopt;
    auto const& values = *pool;
    auto const interval = values.interval();
    if (values.left_out() > 0 && left_out_++ == 0)
      first_left_out_ =
          fmt::format("{} of {} of {}", values.left_out(), values.left_out() + values.values(), described);
    if (interval.n == 0) return std::nullopt;
    fewest_ = fewest_ == 0 ? interval.n : std::min(fewest_, interval.n);
    most_ = std::max(most_, interval.n);
    uneven_ = uneven_ || values.uneven();
    untrained_differ_ = untrained_differ_ || (measure.starts_with(untrained) && values.varies_within_a_seed());
    return estimate_cell(interval, 0, table);
  }

  [[nodiscard]] std::string title(std::string_view k) const {
    auto const seeds = fewest_ == most_ ? fmt::format("{}", most_) : fmt::format("{} to {}", fewest_, most_);
    return most_ == 1
               ? fmt::format(
                     "Controls of the intrinsic dimension ({}, k = {}), mean over the done trials of the only seed.",
                     shown_estimator.label(), k)
               : fmt::format(
                     "Controls of the intrinsic dimension ({}, k = {}), mean over the done trials of each seed, then "
                     "over {} "
                     "seeds, ± half the 95 % confidence interval over seeds.",
                     shown_estimator.label(), k, seeds);
  }
  [[nodiscard]] std::string notes() const {
    std::string text;
    if (untrained_differ_)
      text += "Untrained networks of one seed differ between cells: table.csv has them cell by cell. ";
    if (uneven_) text += "Not every seed has every cell: a seed's mean is over those that it has. ";
    if (left_out_ > 0)
      text += fmt::format("Infinite values are left out: {}{}. ", first_left_out_,
                          left_out_ > 1 ? fmt::format(", and some of {} more", left_out_ - 1) : "");
    return text;
  }

 private:
  SweepFolder const& sweep_;
  std::int64_t fewest_ = 0, most_ = 0;
  bool uneven_ = false, untrained_differ_ = false;
  std::int64_t left_out_ = 0;  ///< measures that have infinite values
  std::string first_left_out_;
};

}  // namespace

document::Table controls_table(Table const& table, SweepFolder const& sweep) {
  std::string const k(shown_k(table));
  Values values(sweep);
  std::vector<std::string> layers;
  for (auto const& measure : table.measures)
    if (auto const name = parse_dimension(measure); !name.k.empty() && name.k == k) layers.emplace_back(name.layer);
  document::Table result;
  result.label = "controls";
  result.columns.push_back({.key = "layer", .title = "Layer", .heads_row = true});
  for (auto const& layer : layers) result.rows.push_back({document::Cell(layer_words(layer))});
  for (auto const& [prefix, title] : control_columns) {
    // Values that belong to no layer go into the row of the input.
    auto const whole = values.cell(fmt::format("{}{}.{}", prefix, shown_estimator.name, k), title, result);
    std::vector<std::optional<document::Cell>> column;
    for (auto const& layer : layers)
      column.push_back(!whole           ? values.cell(fmt::format("{}{}.{}.{}", prefix, shown_estimator.name, layer, k),
                                                      fmt::format("{} {}", title, layer_words(layer)), result)
                       : column.empty() ? whole
                                        : std::nullopt);
    if (std::none_of(column.begin(), column.end(), [](auto const& cell) { return cell.has_value(); })) continue;
    result.columns.push_back(
        {.key = title, .title = title, .fit = result.columns.size() > 1 ? document::Fit::drop : document::Fit::keep});
    for (std::size_t l = 0; l < layers.size(); ++l) result.rows[l].push_back(column[l].value_or(document::Cell()));
  }
  if (result.columns.size() <= 2) return {};  // only the layers and the trained network
  result.caption = values.title(k.substr(1));
  if (auto const notes = values.notes(); !notes.empty()) result.notes.push_back({"", notes});
  return result;
}

}  // namespace mambasynth::analysis::collate
