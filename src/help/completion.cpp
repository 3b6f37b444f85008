#include "help/completion.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "errors/errors.hpp"

namespace mambasynth::help {
namespace {

struct Shell {
  std::string_view name;
  std::string (*script)(Completed const&);
};
constexpr std::array<Shell, 3> known_shells{{{"bash", to_bash}, {"zsh", to_zsh}, {"fish", to_fish}}};

constexpr std::array<std::string_view, known_shells.size()> shell_names = [] {
  std::array<std::string_view, known_shells.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = known_shells[i].name;
  return names;
}();

constexpr std::size_t longest_brief = 60;

}  // namespace

std::span<std::string_view const> shells() { return shell_names; }

std::string completion_script(std::string_view shell, Completed const& program) {
  for (auto const& known : known_shells)
    if (known.name == shell) return known.script(program);
  throw errors::usage("no completion for the shell '" + std::string(shell) + "'",
                      "there are scripts for bash, zsh, fish", "Name one of these");
}

std::vector<Option> completed_options(Page const& page) {
  std::vector<Option> options;
  for (auto const& group : page.groups) options.insert(options.end(), group.options.begin(), group.options.end());
  options.push_back({.names = {"--help", "-h"}, .text = "show the common flags, with examples"});
  return options;
}

Accepts accepted_by(Option const& option) {
  auto const& value = option.value;
  if (value.empty()) return Accepts::nothing;
  if (!option.choices.empty()) return value.find(',') != std::string::npos ? Accepts::list : Accepts::words;
  if (value.find("KEY=VALUE") != std::string::npos) return Accepts::keys;
  if (value.ends_with(".toml")) return Accepts::toml_files;
  for (auto const* folder : {"DIR", "FOLDER"})
    if (value == folder) return Accepts::folders;
  for (auto const* file : {"FILE", "IN", "OUT"})
    if (value == file) return Accepts::files;
  return Accepts::text;
}

std::vector<CompletedKey> keys_among(std::vector<Option> const& options) {
  std::vector<CompletedKey> keys;
  for (auto const& option : options) {
    if (option.key.empty()) continue;
    bool const is_switch = accepted_by(option) == Accepts::nothing;
    keys.push_back({option.key, option.text, is_switch ? std::vector<std::string>{"true", "false"} : option.choices});
  }
  return keys;
}

std::vector<std::string> all_names(Option const& option) {
  auto names = option.names;
  if (!option.negation.empty()) names.push_back(option.negation);
  return names;
}

std::string brief(std::string const& text) {
  if (text.size() <= longest_brief) return text;
  auto end = text.size();
  for (auto const* stop : {"; ", ". ", " (", " ["}) end = std::min(end, text.find(stop));
  if (end > longest_brief) {  // at a comma or colon, else after the last word that fits
    auto const clause = text.find_last_of(",:", longest_brief);
    end = clause != std::string::npos && clause > longest_brief / 2 ? clause : text.rfind(' ', longest_brief);
  }
  return text.substr(0, end);
}

std::string joined(std::vector<std::string> const& words, std::string_view separator) {
  std::string text;
  for (auto const& word : words) text += (&word == &words.front() ? "" : std::string(separator)) + word;
  return text;
}

std::string quoted(std::string_view text) {
  std::string word = "'";
  for (char const c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string identifier_of(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace mambasynth::help
