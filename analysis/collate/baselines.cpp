#include "analysis/collate/baselines.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace mambasynth::analysis::collate {
namespace {

std::string words_of(SweepDesign const& design) {
  std::vector<std::string> parts;
  for (auto const& [key, value] : design.baseline) parts.push_back(key + " = " + value);
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// The cells of a table as one design sees them.
class BaselineCells {
 public:
  BaselineCells(Table const& table, SweepDesign const& design) : table_(table) {
    std::set<std::string> keys;
    for (auto const& [key, value] : design.baseline) keys.insert(key);
    for (auto const& axis : table.axes)
      if (!keys.contains(axis) && !design.together(axis, keys)) others_.push_back(axis);
    for (std::size_t c = 0; c < table.cells.size(); ++c) {
      auto const& axes = table.cells[c].axes;
      bool const fits = std::all_of(design.baseline.begin(), design.baseline.end(), [&](auto const& named) {
        auto const at = axes.find(named.first);
        return at != axes.end() && canonical_of(named.first, at->second) == named.second;
      });
      if (fits) cells_[others_of(c)].push_back(c);
    }
  }
  [[nodiscard]] std::vector<std::size_t> of(std::size_t cell) const {
    auto const at = cells_.find(others_of(cell));
    return at == cells_.end() ? std::vector<std::size_t>() : at->second;
  }

 private:
  [[nodiscard]] std::vector<std::optional<std::string>> others_of(std::size_t cell) const {
    std::vector<std::optional<std::string>> values;
    auto const& axes = table_.cells[cell].axes;
    for (auto const& axis : others_) {
      auto const at = axes.find(axis);
      values.push_back(at == axes.end() ? std::nullopt : std::optional(canonical_of(axis, at->second)));
    }
    return values;
  }

  Table const& table_;
  std::vector<std::string> others_;  ///< axes on which a cell and its baseline have the same value
  std::map<std::vector<std::optional<std::string>>, std::vector<std::size_t>> cells_;
};

}  // namespace

Baselines baselines_of(Table const& table, SweepFolder const& sweep) {
  Baselines found;
  auto const designs = designs_of_cells(table, sweep);
  std::vector<std::pair<SweepDesign, BaselineCells>> known;
  for (std::size_t c = 0; c < table.cells.size(); ++c)
    for (auto const& design : designs[c]) {
      if (design.baseline.empty()) continue;
      found.named = true;
      auto at = std::find_if(known.begin(), known.end(), [&](auto const& entry) { return entry.first == design; });
      if (at == known.end()) {
        known.emplace_back(design, BaselineCells(table, design));
        at = std::prev(known.end());
      }
      auto const baseline = at->second.of(c);
      if (baseline.empty()) ++found.without;
      else if (std::find(baseline.begin(), baseline.end(), c) != baseline.end()) continue;
      else if (baseline.size() > 1) ++found.ambiguous;
      else found.pairs.push_back({c, baseline.front(), words_of(design)});
    }
  // Folders of one sweep, or of several with the same baseline.
  auto const same = [](auto const& a, auto const& b) { return a.cell == b.cell && a.baseline == b.baseline; };
  found.pairs.erase(std::unique(found.pairs.begin(), found.pairs.end(), same), found.pairs.end());
  return found;
}

}  // namespace mambasynth::analysis::collate
