#include "analysis/collate/sweep_design.hpp"

#include <algorithm>

#include "config/toml_document.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::collate {
namespace {

namespace fs = std::filesystem;

/// Calls f(key, value) for the entries of `{ "a.b" = v }`, or of the same unquoted, which TOML reads as nested tables.
template <class F>
void for_each_entry(toml::value const& table, F const& f, std::string const& prefix = {}) {
  for (auto const& [name, value] : table.as_table())
    if (value.is_table()) for_each_entry(value, f, prefix + name + ".");
    else f(prefix + name, value);
}

std::string canonical_value(std::string const& key, toml::value const& value) {
  auto const given = config::given(value);
  return canonical_of(key, given.kind == config::Given::Kind::text ? given.text : given.shown);
}

/// Nothing for a single trial.
std::optional<SweepDesign> design_in(SweepFolder const& sweep, fs::path const& folder) {
  auto const text = sweep.sweep_toml.find(folder);
  if (text == sweep.sweep_toml.end()) return std::nullopt;
  try {
    return design_of(text->second, (folder / "sweep.toml").string());
  } catch (errors::Error const&) {
    return std::nullopt;
  }
}

}  // namespace

bool SweepDesign::together(std::string const& key, std::set<std::string> const& keys) const {
  return std::any_of(axes.begin(), axes.end(), [&](auto const& axis) {
    return axis.contains(key) &&
           std::any_of(keys.begin(), keys.end(), [&](auto const& other) { return axis.contains(other); });
  });
}

SweepDesign design_of(std::string const& toml, std::string const& origin) {
  auto const root = config::parse_toml_text(toml, origin);
  SweepDesign design;
  if (!root.contains("sweep") || !root.at("sweep").is_table()) return design;
  auto const& sweep = root.at("sweep");
  if (sweep.contains("baseline") && sweep.at("baseline").is_table())
    for_each_entry(sweep.at("baseline"), [&](std::string const& key, toml::value const& value) {
      design.baseline[key] = canonical_value(key, value);
    });
  if (sweep.contains("axis") && sweep.at("axis").is_array())
    for (auto const& axis : sweep.at("axis").as_array())
      if (axis.is_table()) {
        auto& keys = design.axes.emplace_back();
        for_each_entry(axis, [&](std::string const& key, toml::value const&) { keys.insert(key); });
      }
  return design;
}

std::vector<std::vector<CollatedTrial const*>> trials_of_cells(Table const& table, SweepFolder const& sweep) {
  std::map<std::map<std::string, std::string>, std::size_t> place;
  for (std::size_t c = 0; c < table.cells.size(); ++c) place[table.cells[c].axes] = c;
  std::vector<std::vector<CollatedTrial const*>> trials(table.cells.size());
  for (auto const& trial : sweep.trials)
    if (auto const at = place.find(trial.axes); at != place.end()) trials[at->second].push_back(&trial);
  return trials;
}

std::vector<std::vector<SweepDesign>> designs_of_cells(Table const& table, SweepFolder const& sweep) {
  std::map<fs::path, std::optional<SweepDesign>> read;
  for (auto const& trial : sweep.trials)
    if (!read.contains(trial.folder)) read[trial.folder] = design_in(sweep, trial.folder);
  std::vector<std::vector<SweepDesign>> designs;
  for (auto const& trials : trials_of_cells(table, sweep)) {
    auto& of_cell = designs.emplace_back();
    for (auto const* trial : trials)
      if (auto const& design = read.at(trial->folder);
          design && std::find(of_cell.begin(), of_cell.end(), *design) == of_cell.end())
        of_cell.push_back(*design);
  }
  return designs;
}

}  // namespace mambasynth::analysis::collate
