#include "config/toml.hpp"

#include <algorithm>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "config/toml_document.hpp"
#include "config/toml_scan.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::config {
namespace {

errors::Error unknown(std::string const& origin, std::string const& what, std::string const& name,
                      std::vector<std::string> const& known) {
  auto const near = errors::nearest(name, known);
  return errors::usage(origin + ": unknown " + what + " '" + name + "'", "a misspelling would otherwise go unnoticed",
                       near.empty() ? "Remove it, or see --print-config for all names"
                                    : "Did you mean '" + near + "'? See --print-config for all names");
}

std::string one_line(std::string text) {
  auto const end = text.find('\n');
  if (end != std::string::npos) text.resize(end);
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

/// A list as toml11 formats it, one item per line: plan.csv of existing sweeps holds this text.
std::string shown_list(Integers const& items) {
  if (items.empty()) return "[]";
  std::string text = "[\n";
  for (auto const item : items) text += std::to_string(item) + ",\n";
  return text + "]";
}

/// What reading `value` from a file would give.
Given given_value(bool value) { return {.kind = Given::Kind::boolean, .boolean = value, .shown = to_toml(value)}; }
Given given_value(std::int64_t value) {
  return {.kind = Given::Kind::integer, .integer = value, .shown = to_toml(value)};
}
Given given_value(double value) { return {.kind = Given::Kind::floating, .floating = value, .shown = to_toml(value)}; }
Given given_value(std::string const& value) {
  return {.kind = Given::Kind::text, .text = value, .shown = to_toml(value)};
}
Given given_value(Integers const& value) {
  return {.kind = Given::Kind::integers, .integers = value, .shown = shown_list(value)};
}

/// The value of an integer, or of a float that is one exactly.
std::optional<std::int64_t> whole(toml::value const& item) {
  if (item.is_integer()) return item.as_integer();
  if (!item.is_floating() || !is_exact_integer(item.as_floating())) return std::nullopt;
  return static_cast<std::int64_t>(item.as_floating());
}

Trial with_resolved_options(Trial trial) {
  auto const given = trial.data.test_path_seed;
  trial.data = trial.data.resolved();
  // A printed configuration must be readable.
  if (*trial.data.test_path_seed > largest_data_seed) trial.data.test_path_seed = given;
  return trial;
}

}  // namespace

toml::value parse_toml_text(std::string const& text, std::string const& origin) {
  require_safe_toml(text, origin);
  std::istringstream stream(readable_toml(text));
  try {
    return toml::parse(stream, origin);
  } catch (toml::syntax_error const& error) {
    throw errors::usage(origin + ":" + std::to_string(error.location().line()) + ": invalid TOML",
                        one_line(error.what()), "Correct that line");
  } catch (std::exception const& error) {
    throw errors::usage(origin + ": invalid TOML", one_line(error.what()), "Correct the file");
  }
}

toml::value parse_toml(std::filesystem::path const& file) {
  std::error_code reason;
  auto const kind = std::filesystem::status(file, reason).type();
  if (kind != std::filesystem::file_type::regular)
    throw errors::usage("cannot read the configuration " + file.string(),
                        kind == std::filesystem::file_type::not_found   ? "there is no such file"
                        : kind == std::filesystem::file_type::directory ? "it is a folder"
                        : kind == std::filesystem::file_type::none
                            ? reason.message()
                            : "it is not a regular file, and a configuration is read more than once",
                        "Check the path");
  return parse_toml_text(store::read_text(file, most_toml_bytes), file.string());
}

std::string where(toml::value const& value) {
  auto const location = value.location();
  return location.file_name() + ":" + std::to_string(location.line());
}

Given given(toml::value const& value) {
  Given result;
  result.origin = where(value);
  result.shown = original_bytes(toml::format(value, 0));
  while (!result.shown.empty() && result.shown.back() == '\n') result.shown.pop_back();
  if (value.is_boolean()) {
    result.kind = Given::Kind::boolean;
    result.boolean = value.as_boolean();
  } else if (value.is_integer()) {
    result.kind = Given::Kind::integer;
    result.integer = value.as_integer();
    result.shown = std::to_string(result.integer);
  } else if (value.is_floating()) {
    result.kind = Given::Kind::floating;
    result.floating = value.as_floating();
    result.shown = to_toml(result.floating);
  } else if (value.is_string()) {
    result.kind = Given::Kind::text;
    result.text = original_bytes(value.as_string().str);
  } else if (value.is_array()) {
    auto const& items = value.as_array();
    bool const integers = std::all_of(items.begin(), items.end(), [](auto const& item) { return whole(item); });
    if (integers) {
      result.kind = Given::Kind::integers;
      for (auto const& item : items) result.integers.push_back(*whole(item));
      result.shown = shown_list(result.integers);
    }
  }
  return result;
}

std::vector<std::string> trial_keys() {
  std::vector<std::string> all;
  Trial trial;
  for_each_section(trial, [&](auto const& section) {
    using Section = std::decay_t<decltype(section)>;
    for (auto const& key : keys_of<Section>()) all.push_back(std::string(Section::section) + "." + key);
  });
  return all;
}

void set(Trial& trial, std::string const& key, Given const& value) {
  auto const dot = key.find('.');
  auto const section_name = key.substr(0, dot);
  bool found = false;
  if (dot != std::string::npos)
    for_each_section(trial, [&](auto& section) {
      if (section.section == section_name) found = found || assign_key(section, key.substr(dot + 1), value);
    });
  if (!found) throw unknown(value.origin, "key", key, trial_keys());
}

void apply(Trial& trial, toml::value const& root, std::vector<std::string> const& foreign) {
  std::vector<std::string> sections = foreign;
  for_each_section(trial, [&](auto const& section) { sections.emplace_back(section.section); });
  for (auto const& entry : root.as_table()) {
    auto const& name = entry.first;
    auto const& table = entry.second;
    if (std::find(foreign.begin(), foreign.end(), name) != foreign.end()) continue;
    if (std::find(sections.begin(), sections.end(), name) == sections.end())
      throw unknown(where(table), table.is_table() ? "section" : "key", name, sections);
    if (!table.is_table())
      throw errors::usage(where(table) + ": '" + name + "' is not a section", "it must be a table of keys",
                          "Write [" + name + "] above its keys");
    for_each_section(trial, [&](auto& section) {
      using Section = std::decay_t<decltype(section)>;
      if (name != Section::section) return;
      for (auto const& [key, value] : table.as_table())
        if (!assign_key(section, key, given(value))) throw unknown(where(value), "key", name + "." + key, trial_keys());
    });
  }
}

void apply_file(Trial& trial, std::filesystem::path const& file) { config::apply(trial, parse_toml(file)); }

std::set<std::string> keys_in_file(std::filesystem::path const& file) {
  std::set<std::string> keys;
  auto const root = parse_toml(file);
  for (auto const& [section, table] : root.as_table()) {
    if (!table.is_table()) continue;
    for (auto const& entry : table.as_table()) keys.insert(section + "." + entry.first);
  }
  return keys;
}

void apply_text(Trial& trial, std::string const& text, std::string const& origin) {
  config::apply(trial, parse_toml_text(text, origin));
}

Given get(Trial const& given_trial, std::string const& key) {
  Given result;
  auto const found = visit_key(with_resolved_options(given_trial), key, [&](auto const&, auto const& value) {
    if constexpr (requires { value.has_value(); }) result = value ? given_value(*value) : given_value(std::string());
    else result = given_value(value);
  });
  if (!found) throw std::out_of_range("no key " + key);
  result.origin = key;
  return result;
}

void set_text(Trial& trial, std::string const& assignment) {
  auto const equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    throw errors::usage("--set " + assignment + " has no value", "it takes section.key=value",
                        "Write, for example, --set train.lr=1e-3");
  set(trial, assignment.substr(0, equals), given_text(assignment.substr(equals + 1), "--set"));
}

std::string canonical_value(std::string const& key, Given const& value) {
  Trial trial;
  set(trial, key, value);
  std::string text;
  visit_key(trial, key, [&](auto const&, auto const& member) {
    if constexpr (requires { member.has_value(); }) text = canonical(*member);
    else text = canonical(member);
  });
  return text;
}

std::string to_toml(Trial const& given_trial) {
  auto const trial = with_resolved_options(given_trial);
  std::string text;
  for_each_section(trial, [&](auto const& section) {
    using Section = std::decay_t<decltype(section)>;
    if constexpr (!std::is_same_v<Section, Generate> && !std::is_same_v<Section, Gates> &&
                  !std::is_same_v<Section, Oracle> && !std::is_same_v<Section, Dimension>)
      text += (text.empty() ? "" : "\n") + section_to_toml(section);
  });
  return text;
}

std::vector<std::pair<std::string, std::string>> canonical_keys(Trial const& given_trial) {
  auto const trial = with_resolved_options(given_trial);
  std::vector<std::pair<std::string, std::string>> lines;
  for_each_section(trial, [&](auto const& section) {
    using Section = std::decay_t<decltype(section)>;
    for_each_field<Section>([&](auto const& field) {
      if (field.effect == Effect::none || field.effect == Effect::measurement) return;
      auto const& value = section.*(field.member);
      if (field.effect == Effect::result_unless_default && value == Section{}.*(field.member)) return;
      auto const key = std::string(Section::section) + "." + std::string(field.key);
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<std::int64_t>>)
        lines.emplace_back(key, canonical(value.value()));
      else lines.emplace_back(key, canonical(value));
    });
  });
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace mambasynth::config
