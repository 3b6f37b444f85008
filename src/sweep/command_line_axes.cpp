#include "sweep/command_line_axes.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

#include "config/toml.hpp"
#include "errors/errors.hpp"
#include "errors/trimmed.hpp"
#include "sweep/axis_value.hpp"

namespace mambasynth::sweep {
namespace {

/// "section.key" and the text after "=".
std::pair<std::string, std::string> divided(std::string const& flag, std::string const& given,
                                            std::string const& example) {
  auto const equals = given.find('=');
  std::string const key(errors::trimmed(std::string_view(given).substr(0, equals)));
  std::string const value(equals == std::string::npos ? ""
                                                      : errors::trimmed(std::string_view(given).substr(equals + 1)));
  if (key.empty() || value.empty())
    throw errors::usage(flag + " '" + given + "' cannot be read",
                        key.empty() ? "no key is named" : "no value follows '" + key + "'",
                        "Write, for example, " + flag + " " + example);
  return {key, value};
}

/// The parts between commas that are outside brackets and quotes.
std::vector<std::string> parts_of(std::string const& text) {
  std::vector<std::string> parts{""};
  int depth = 0;
  bool quoted = false;
  for (char const c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted) depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c == ',' && depth == 0 && !quoted) parts.emplace_back();
    else parts.back() += c;
  }
  return parts;
}

/// The kind of a key's values, by its default.
config::Given::Kind kind_of(std::string const& key) {
  return key == ranks_key ? config::Given::Kind::integer : config::get(config::Trial{}, key).kind;
}

/// As TOML writes it: ".5" and "+1" are numbers on a command line only.
config::Given in_toml(config::Given value) {
  if (value.kind == config::Given::Kind::integer) value.shown = config::to_toml(value.integer);
  else if (value.kind == config::Given::Kind::floating) value.shown = config::to_toml(value.floating);
  else if (value.kind == config::Given::Kind::integers) value.shown = config::to_toml(value.integers);
  return value;
}

/// The values of an axis. A key that takes lists has one list in brackets, or one integer, per value.
std::vector<config::Given> values_in(std::string const& key, std::string text) {
  bool const lists = kind_of(key) == config::Given::Kind::integers;
  bool const ranges = kind_of(key) == config::Given::Kind::integer;
  if (!lists && text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  std::vector<config::Given> values;
  for (auto const& part : parts_of(text)) {
    std::string const item(errors::trimmed(part));
    if (item.empty())
      throw errors::usage("--axis " + key + " has an empty value", "values are separated by commas",
                          "Remove the comma too many, or add the value");
    auto given = config::given_text(item, "--axis");
    if (ranges && given.kind == config::Given::Kind::integers) {
      for (auto const integer : given.integers)
        values.push_back(checked(key, config::given_text(std::to_string(integer), "--axis")));
      continue;
    }
    values.push_back(in_toml(checked(key, std::move(given))));
  }
  return values;
}

Axis axis_from(std::string const& key, std::string const& values) {
  if (key != ranks_key) require_sweepable(key, "--axis");
  return {{{key, values_in(key, values)}}};
}

bool varies(Axis const& axis, std::string const& key) {
  return std::any_of(axis.keys.begin(), axis.keys.end(), [&](auto const& of) { return of.key == key; });
}

}  // namespace

void apply_axes(SweepFile& sweep, std::vector<std::string> const& axes) {
  std::set<std::string> given;
  for (auto const& text : axes) {
    auto const parts = divided("--axis", text, "train.gate_lr_factor=0,0.1,1");
    auto const& key = parts.first;
    auto axis = axis_from(key, parts.second);
    if (!given.insert(key).second)
      throw errors::usage("--axis " + key + " is given twice", "each cell has only one value of it",
                          "List all values in one --axis, separated by commas");
    auto const same =
        std::find_if(sweep.axes.begin(), sweep.axes.end(), [&](auto const& of) { return varies(of, key); });
    if (same == sweep.axes.end()) {
      sweep.axes.push_back(std::move(axis));
    } else if (same->keys.size() > 1) {
      auto const& other = same->keys.front().key == key ? same->keys[1].key : same->keys.front().key;
      throw errors::usage("--axis " + key + " cannot replace the axis of the file",
                          "'" + other + "' varies with it there", "Change that [[sweep.axis]] in the file");
    } else {
      *same = std::move(axis);
    }
  }
}

void apply_baseline(SweepFile& sweep, std::string const& assignment) {
  auto const parts = divided("--baseline", assignment, "train.gate_lr_factor=1");
  auto const& key = parts.first;
  require_sweepable(key, "--baseline");
  auto value = in_toml(checked(key, config::given_text(parts.second, "--baseline")));
  auto& baseline = sweep.baseline;
  auto const place = std::lower_bound(baseline.begin(), baseline.end(), key,
                                      [](auto const& entry, auto const& name) { return entry.first < name; });
  if (place != baseline.end() && place->first == key) place->second = std::move(value);
  else baseline.emplace(place, key, std::move(value));
}

void require_baseline_cell(SweepFile const& sweep) {
  for (auto const& entry : sweep.baseline) {
    auto const& key = entry.first;
    auto const& value = entry.second;
    auto const wanted = config::canonical_value(key, value);
    std::string known;
    bool found = false;
    auto const compare = [&](config::Given const& given) {
      found = found || config::canonical_value(key, given) == wanted;
      known += (known.empty() ? "" : ", ") + shown(given);
    };
    for (auto const& axis : sweep.axes)
      for (auto const& of : axis.keys)
        if (of.key == key) std::for_each(of.values.begin(), of.values.end(), compare);
    for (auto const& include : sweep.includes)
      for (auto const& [name, given] : include)
        if (name == key) compare(given);
    if (!found)
      throw errors::usage("the baseline " + key + " = " + shown(value) + " is not a cell of this sweep",
                          "the axis has " + known, "Name one of these values with --baseline " + key + "=VALUE");
  }
}

std::string name_of_axes(std::vector<std::string> const& axes) {
  std::string name;
  for (auto const& text : axes) {
    std::string const key(errors::trimmed(std::string_view(text).substr(0, text.find('='))));
    auto const dot = key.find('.');
    name += (name.empty() ? "" : "_") + (dot == std::string::npos ? key : key.substr(dot + 1));
  }
  constexpr std::size_t most_bytes = 100;  // the name becomes a folder
  return name.empty() ? "sweep" : name.substr(0, most_bytes);
}

}  // namespace mambasynth::sweep
