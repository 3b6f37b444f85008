#include "sweep/sweep_file.hpp"

#include <algorithm>
#include <set>

#include "config/text.hpp"
#include "config/toml.hpp"
#include "config/toml_document.hpp"
#include "config/toml_scan.hpp"
#include "errors/errors.hpp"
#include "errors/printable.hpp"
#include "sweep/axis_value.hpp"
#include "sweep/command_line_axes.hpp"

namespace mambasynth::sweep {
namespace {

using config::where;

/// The entries of `{ "a.b" = v }`, or of the same unquoted, which TOML reads as nested tables.
std::vector<std::pair<std::string, toml::value>> flat(toml::value const& table, std::string const& prefix = {}) {
  std::vector<std::pair<std::string, toml::value>> entries;
  for (auto const& [name, value] : table.as_table()) {
    if (value.is_table())
      for (auto& entry : flat(value, prefix + name + ".")) entries.push_back(std::move(entry));
    else entries.emplace_back(prefix + name, value);
  }
  std::sort(entries.begin(), entries.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
  return entries;
}

std::vector<toml::value> tables(toml::value const& sweep, std::string const& name) {
  auto const& table = sweep.as_table();
  auto const found = table.find(name);
  if (found == table.end()) return {};
  auto const refuse = [&] {
    return errors::usage(where(found->second) + ": sweep." + name + " has the wrong type",
                         "it must be a list of tables", "Write [[sweep." + name + "]] above each");
  };
  if (!found->second.is_array()) throw refuse();
  std::vector<toml::value> list;
  for (auto const& item : found->second.as_array()) {
    if (!item.is_table()) throw refuse();
    list.push_back(item);
  }
  return list;
}

std::vector<config::Given> values_of(std::string const& key, toml::value const& value) {
  std::vector<config::Given> values;
  for (auto const& item : value.as_array()) values.push_back(checked(key, config::given(item)));
  return values;
}

Axis axis_of(toml::value const& table) {
  Axis axis;
  for (auto const& [key, value] : flat(table)) {
    if (key != ranks_key) require_sweepable(key, where(value));
    if (!value.is_array())
      throw errors::usage(where(value) + ": axis '" + key + "' has the wrong type", "an axis is a list of values",
                          "Write '" + key + "' = [...]");
    if (value.as_array().empty())
      throw errors::usage(where(value) + ": axis '" + key + "' is empty", "no trial would run",
                          "Give it at least one value, or remove it");
    axis.keys.push_back({key, values_of(key, value)});
    if (axis.keys.back().values.size() != axis.size())
      throw errors::usage(
          where(value) + ": axis '" + key + "' has length " + std::to_string(axis.keys.back().values.size()) + ", '" +
              axis.keys.front().key + "' has length " + std::to_string(axis.size()),
          "the keys of one [[sweep.axis]] vary together", "Give them the same number of values, or separate axes");
  }
  if (axis.keys.empty())
    throw errors::usage(where(table) + ": [[sweep.axis]] is empty", "it names no key",
                        "Give it a key with values, or remove it");
  return axis;
}

Exclude exclude_of(toml::value const& table) {
  Exclude exclude{{}, where(table)};
  for (auto const& [key, value] : flat(table)) {
    require_sweepable(key, where(value));
    exclude.keys.push_back(
        {key, value.is_array() ? values_of(key, value) : std::vector{checked(key, config::given(value))}});
  }
  if (exclude.keys.empty())
    throw errors::usage(exclude.origin + ": [[sweep.exclude]] is empty", "it would exclude every cell",
                        "Name the keys and values to exclude");
  return exclude;
}

Settings settings_of(toml::value const& table, bool with_ranks = false) {
  Settings settings;
  for (auto const& [key, value] : flat(table)) {
    if (!with_ranks || key != ranks_key) require_sweepable(key, where(value));
    settings.emplace_back(key, checked(key, config::given(value)));
  }
  return settings;
}

void read_sweep_table(SweepFile& sweep, toml::value const& table) {
  if (!table.is_table())
    throw errors::usage(where(table) + ": 'sweep' is not a section", "it must be a table of keys",
                        "Write [sweep] above its keys");
  for (auto const& [name, value] : table.as_table()) {
    if (name == "axis" || name == "exclude" || name == "include") continue;
    if (name == "baseline") {
      if (!value.is_table())
        throw errors::usage(where(value) + ": sweep.baseline has the wrong type", "it must be a table of axis keys",
                            "Write baseline = { \"section.key\" = value }");
      sweep.baseline = settings_of(value);
    } else if (!config::assign_key(sweep.keys, name, config::given(value))) {
      auto known = config::keys_of<SweepKeys>();
      known.insert(known.end(), {"axis", "baseline", "exclude", "include"});
      auto const near = errors::nearest(name, known);
      throw errors::usage(where(value) + ": unknown key '" + name + "' in [sweep]",
                          "a misspelling would otherwise go unnoticed",
                          near.empty() ? "Remove it" : "Did you mean '" + near + "'? Correct or remove it");
    }
  }
  for (auto const& axis : tables(table, "axis")) sweep.axes.push_back(axis_of(axis));
  for (auto const& exclude : tables(table, "exclude")) sweep.excludes.push_back(exclude_of(exclude));
  for (auto const& include : tables(table, "include")) sweep.includes.push_back(settings_of(include, true));
}

/// The keys that axes vary, each once.
std::set<std::string> axis_keys(SweepFile const& sweep) {
  std::set<std::string> keys;
  for (auto const& axis : sweep.axes)
    for (auto const& key : axis.keys)
      if (!keys.insert(key.key).second)
        throw errors::usage(key.values.front().origin + ": '" + key.key + "' is in two axes",
                            "each cell has only one value of it", "Merge the two axes, or remove the key from one");
  return keys;
}

void override_keys(SweepFile& sweep, std::vector<std::string> const& set, std::set<std::string> const& axes) {
  for (auto const& assignment : set) {
    auto const equals = std::min(assignment.find('='), assignment.size());
    auto const key = assignment.substr(0, equals);
    if (axes.contains(key))
      throw errors::usage("--set " + assignment + " has no effect", key + " is an axis of this sweep",
                          "Change the axis in the sweep file, or omit the flag");
    if (key == "train.seed" && !sweep.keys.seeds.empty())
      throw errors::usage("--set " + assignment + " has no effect", "sweep.seeds lists the seeds of this sweep",
                          "Use --seeds instead");
    if (key.starts_with("sweep.") && equals < assignment.size()) {
      if (!config::assign_key(sweep.keys, key.substr(6), config::given_text(assignment.substr(equals + 1), "--set")))
        throw errors::usage("--set: unknown key '" + key + "'", "a misspelling would otherwise go unnoticed",
                            "The keys of [sweep] that can be set are name, seeds, ranks_per_trial, trials_per_gpu, "
                            "retries, rank_timeout, trial_timeout and walltime_margin");
    } else {
      config::set_text(sweep.base, assignment);
    }
  }
}

void check_sweep(SweepFile const& sweep, std::set<std::string> columns) {
  for (auto const& include : sweep.includes)
    for (auto const& [key, value] : include) columns.insert(key);
  auto const require_column = [&](std::string const& key, std::string const& origin, std::string const& what) {
    if (columns.contains(key)) return;
    auto const near = errors::nearest(key, columns);
    throw errors::usage(origin + ": " + what + " names '" + key + "', which no axis varies",
                        "every cell has the same value of it",
                        near.empty() ? "Use a key of an axis" : "Did you mean '" + near + "'? Use a key of an axis");
  };
  for (auto const& exclude : sweep.excludes)
    for (auto const& key : exclude.keys) require_column(key.key, exclude.origin, "[[sweep.exclude]]");
  for (auto const& [key, value] : sweep.baseline) require_column(key, value.origin, "sweep.baseline");
  std::set<std::int64_t> seen;
  for (auto const seed : sweep.keys.seeds)
    if (!seen.insert(seed).second)
      throw errors::usage("sweep.seeds contains " + std::to_string(seed) + " twice", "both would be the same trial",
                          "List each seed once");
}

/// The name becomes a folder below runs/.
void check_name(std::string const& name, std::string const& from) {
  constexpr std::size_t most_bytes = 200;  // of the 255 that file systems allow
  auto const refuse = [&](std::string const& why) {
    return errors::usage("sweep.name = '" + errors::quotable(name) + "' cannot be used", why,
                         (from.empty() ? std::string() : "It is the name of " + from + "; ") +
                             (from.empty() ? "Choose" : "choose") + " another with `name` in [sweep] or --name");
  };
  if (name == "." || name == "..") throw refuse("it names an existing folder");
  if (name.find('/') != std::string::npos) throw refuse("it must name a single folder, and '/' separates folders");
  if (name.size() > most_bytes)
    throw refuse("it has " + std::to_string(name.size()) + " bytes, and a folder's name may have at most " +
                 std::to_string(most_bytes));
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    throw refuse("it contains a control character");
  if (name.front() == '-') throw refuse("commands would interpret it as an option");
  if (name.front() == ' ' || name.back() == ' ') throw refuse("it begins or ends with a space");
}

SweepFile sweep_of(toml::value const& root, std::string const& default_name, SweepRequest const& request) {
  SweepFile sweep;
  config::apply(sweep.base, root, {"sweep"});
  if (auto const found = root.as_table().find("sweep"); found != root.as_table().end())
    read_sweep_table(sweep, found->second);
  apply_axes(sweep, request.axes);
  for (auto const& assignment : request.baseline) apply_baseline(sweep, assignment);
  auto const axes = axis_keys(sweep);
  override_keys(sweep, request.set, axes);
  bool const by_file = sweep.keys.name.empty();
  if (by_file) sweep.keys.name = default_name;
  check_name(sweep.keys.name, by_file ? "the file" : "");
  if (sweep.keys.seeds.empty()) sweep.keys.seeds = {sweep.base.train.seed};
  if (!sweep.base.data.path.empty())
    sweep.base.data.path = std::filesystem::absolute(sweep.base.data.path).lexically_normal().string();
  check_sweep(sweep, axes);
  if (!request.axes.empty() || !request.baseline.empty()) require_baseline_cell(sweep);
  return sweep;
}

std::string toml_text(config::Given const& value) {
  return value.kind == config::Given::Kind::text ? config::toml_string(value.text) : value.shown;
}

std::string toml_list(std::vector<config::Given> const& values) {
  std::string text = "[";
  for (auto const& value : values) text += (text.size() > 1 ? ", " : "") + toml_text(value);
  return text + "]";
}

}  // namespace

std::int64_t ranks_of(config::Given const& value) {
  SweepKeys keys;
  config::assign_key(keys, std::string(ranks_key.substr(ranks_key.find('.') + 1)), value);
  return keys.ranks_per_trial;
}

SweepFile resolve(SweepRequest const& request) {
  if (!request.file.empty()) return sweep_of(config::parse_toml(request.file), request.file.stem().string(), request);
  return sweep_of(config::parse_toml_text("", "the command line"), name_of_axes(request.axes), request);
}

SweepFile read_sweep_file(std::filesystem::path const& file, std::vector<std::string> const& set) {
  return resolve({.file = file, .set = set});
}

SweepFile parse_sweep(std::string const& text, std::string const& origin, std::vector<std::string> const& set) {
  return sweep_of(config::parse_toml_text(text, origin), "sweep", {.set = set});
}

std::string sweep_name(std::filesystem::path const& file) {
  return config::original_bytes(toml::find_or<std::string>(config::parse_toml(file), "sweep", "name", ""));
}

std::string shown(config::Given const& value) {
  return value.kind == config::Given::Kind::text ? value.text : value.shown;
}

std::string to_toml(SweepFile const& sweep) {
  auto text = config::section_to_toml(sweep.keys);
  auto const quoted = [](std::string const& key) { return config::toml_string(key); };
  if (!sweep.baseline.empty()) {
    text += "baseline = {";
    for (auto const& [key, value] : sweep.baseline)
      text += (text.back() == '{' ? " " : ", ") + quoted(key) + " = " + toml_text(value);
    text += " }\n";
  }
  for (auto const& axis : sweep.axes) {
    text += "\n[[sweep.axis]]\n";
    for (auto const& key : axis.keys) text += quoted(key.key) + " = " + toml_list(key.values) + "\n";
  }
  for (auto const& exclude : sweep.excludes) {
    text += "\n[[sweep.exclude]]\n";
    for (auto const& key : exclude.keys) text += quoted(key.key) + " = " + toml_list(key.values) + "\n";
  }
  for (auto const& include : sweep.includes) {
    text += "\n[[sweep.include]]\n";
    for (auto const& [key, value] : include) text += quoted(key) + " = " + toml_text(value) + "\n";
  }
  return text + "\n" + config::to_toml(sweep.base);
}

}  // namespace mambasynth::sweep
