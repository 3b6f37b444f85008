#include "help/command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string>

namespace mambasynth::help {
namespace {

bool is_negation(std::string const& name) { return name.starts_with("--no-"); }

/// The type's name as declared; CLI11 appends the validators after a colon.
std::string placeholder_of(CLI::Option const& option) {
  auto const type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

/// "auto|cpu|cuda" in words. A placeholder in capitals ("FILE") stands for something else; CLI11 lists the words that
/// it checks after the name, "CASE:{scan,conv}".
std::vector<std::string> choices_of(CLI::Option const& option) {
  auto words = option.get_type_name();
  if (auto const listed = words.find(":{"); listed != std::string::npos)
    words = words.substr(listed + 2, words.find('}', listed) - listed - 2);
  else if (words.empty() || std::islower(static_cast<unsigned char>(words.front())) == 0) return {};
  std::replace(words.begin(), words.end(), '|', ',');
  std::vector<std::string> choices;
  std::istringstream stream(words);
  for (std::string word; std::getline(stream, word, ',');) choices.push_back(word);
  return choices;
}

Option option_of(CLI::App const& app, CLI::Option const& option) {
  Option shown{.names = {},
               .text = option.get_description(),
               .range = option.get_option_text(),
               .initial = option.get_default_str(),
               .required = option.get_required(),
               .repeats = option.get_positional() && option.get_expected_max() > 1,
               .common = option.get_group() != rare};
  bool const is_switch = !option.get_positional() && option.get_items_expected_max() == 0;
  if (!is_switch) {
    shown.value = placeholder_of(option);
    shown.choices = choices_of(option);
  }
  if (option.get_positional()) return shown;
  for (auto const& name : option.get_snames()) shown.names.push_back("-" + name);
  for (auto const& name : option.get_lnames()) shown.names.push_back("--" + name);
  auto const negative = std::find_if(shown.names.begin(), shown.names.end(), is_negation);
  if (negative != shown.names.end() && shown.names.size() > 1) {  // "--figures,!--no-figures"
    shown.negation = *negative;
    shown.names.erase(negative);
  } else if (is_switch && !option.get_lnames().empty()) {  // "--no-x" with its own callback
    auto const name = "--no-" + option.get_lnames().front();
    auto const* const hidden = app.get_option_no_throw(name);
    if (hidden != nullptr && hidden->get_group().empty()) shown.negation = name;
  }
  return shown;
}

}  // namespace

std::vector<Group> groups_of(CLI::App const& app) {
  std::vector<Group> groups;
  auto const group_named = [&](std::string const& title) -> Group& {
    auto const found =
        std::find_if(groups.begin(), groups.end(), [&](auto const& group) { return group.title == title; });
    if (found != groups.end()) return *found;
    groups.push_back({title, {}});
    return groups.back();
  };
  for (bool const positional : {true, false})
    for (auto const* option : app.get_options()) {
      if (option->get_positional() != positional || option->get_group().empty()) continue;
      if (option == app.get_help_ptr() || option == app.get_help_all_ptr()) continue;
      group_named(positional ? "Arguments" : option->get_group()).options.push_back(option_of(app, *option));
    }
  return groups;
}

}  // namespace mambasynth::help
