#include <string>
#include <string_view>
#include <vector>

#include "help/completion.hpp"

namespace mambasynth::help {
namespace {

std::string fish_quoted(std::string_view text) {
  std::string word = "'";
  for (char const c : text) {
    if (c == '\'' || c == '\\') word += '\\';
    word += c;
  }
  return word + "'";
}

std::string keys_function(std::string const& scope) { return "__" + scope + "_keys"; }

/// What completes the value, as options of `complete`: -x takes a value and no file, -r a value, -F files.
std::string value_of(Option const& option, std::string const& scope) {
  switch (accepted_by(option)) {
    case Accepts::nothing:
      return "";
    case Accepts::text:
      return " -x";
    case Accepts::words:
    case Accepts::list:
      return " -xa " + fish_quoted(joined(option.choices, " "));
    case Accepts::keys:
      return " -xa '(" + keys_function(scope) + ")'";
    case Accepts::files:
      return " -rF";
    case Accepts::toml_files:
      return " -kxa '(__fish_complete_suffix .toml)'";
    case Accepts::folders:
      return " -xa '(__fish_complete_directories)'";
  }
  return "";
}

/// `start`: "complete -c NAME", with the condition.
std::string completions(Option const& option, std::string const& start, std::string const& scope) {
  auto value = value_of(option, scope);
  if (option.names.empty()) {
    if (value == " -rF") return start + " -F\n";
    if (auto const x = value.find("xa "); x != std::string::npos) return start + value.erase(x, 1) + "\n";
    return "";
  }
  std::string text;
  for (auto const& name : all_names(option)) {
    bool const is_long = name.starts_with("--");
    text += start + (is_long ? " -l " : " -s ") + name.substr(is_long ? 2 : 1) + value + " -d " +
            fish_quoted(brief(option.text)) + "\n";
  }
  return text;
}

/// The function that lists KEY= or KEY=VALUE; empty if the options have no keys.
std::string keys_function_of(std::vector<Option> const& options, std::string const& scope) {
  auto const keys = keys_among(options);
  if (keys.empty()) return "";
  auto text = "function " + keys_function(scope) + "\n    printf '%s\\t%s\\n'";
  for (auto const& key : keys) {
    auto const choices = key.choices.empty() ? std::vector<std::string>{""} : key.choices;
    for (auto const& choice : choices)
      text += " \\\n        " + fish_quoted(key.name + "=" + choice) + " " + fish_quoted(brief(key.text));
  }
  return text + "\nend\n";
}

}  // namespace

std::string to_fish(Completed const& program) {
  auto const own = identifier_of(program.name);
  auto const start = "complete -c " + program.name;
  auto text =
      "# Completion of " + program.name + " in fish, made by " + program.name + " from the flags of its --help.\n";
  text += start + " -f\n";
  if (program.verbs.empty()) {
    text += keys_function_of(program.options, own);
    for (auto const& option : program.options) text += completions(option, start, own);
    return text;
  }
  auto const is_verb = "__" + own + "_verb_is";
  text += "function " + is_verb + "\n    set -l words (commandline -opc)\n    test \"$words[2]\" = \"$argv[1]\"\nend\n";
  auto const without_verb = start + " -n '" + is_verb + " \"\"'";
  for (auto const& option : program.options) text += completions(option, without_verb, own);
  for (auto const& verb : program.verbs)
    text += without_verb + " -a " + verb.name + " -d " + fish_quoted(brief(verb.summary)) + "\n";
  for (auto const& verb : program.verbs) {
    auto const scope = own + "_" + verb.name;
    text += "\n" + keys_function_of(verb.options, scope);
    for (auto const& option : verb.options)
      text += completions(option, start + " -n '" + is_verb + " " + verb.name + "'", scope);
  }
  return text;
}

}  // namespace mambasynth::help
