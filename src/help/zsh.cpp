#include <string>
#include <string_view>
#include <vector>

#include "help/completion.hpp"

namespace mambasynth::help {
namespace {

/// In a specification of _arguments, _values and _describe, where colons and brackets separate.
std::string escaped(std::string_view text) {
  std::string safe;
  for (char const c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe;
}

std::string keys_function(std::string const& scope) { return "_" + scope + "_keys"; }

/// What completes the value, as the action of a specification.
std::string action_of(Option const& option, std::string const& scope) {
  switch (accepted_by(option)) {
    case Accepts::nothing:
      return "";
    case Accepts::text:
      return " ";
    case Accepts::words:
      return "(" + joined(option.choices, " ") + ")";
    case Accepts::list:
      return "{_values -s , word " + joined(option.choices, " ") + "}";
    case Accepts::keys:
      return keys_function(scope);
    case Accepts::files:
      return "_files";
    case Accepts::toml_files:
      return "_files -g \"*.toml\"";
    case Accepts::folders:
      return "_files -/";
  }
  return "";
}

/// Any flag may be repeated: the last one counts.
std::string specifications(Option const& option, std::string const& scope, std::string const& indent) {
  auto const value = option.value.empty() ? "" : ":" + escaped(option.value) + ":" + action_of(option, scope);
  if (option.names.empty()) return indent + quoted((option.repeats ? "*" : "") + value) + " \\\n";
  std::string text;
  for (auto const& name : all_names(option)) {
    bool const joins = !option.value.empty() && name.starts_with("--");  // both --lr 1 and --lr=1
    text +=
        indent + quoted("*" + name + (joins ? "=" : "") + "[" + escaped(brief(option.text)) + "]" + value) + " \\\n";
  }
  return text;
}

std::string arguments_of(std::vector<Option> const& options, std::string const& scope, std::string const& indent) {
  auto text = indent + "_arguments -S \\\n";
  for (auto const& option : options) text += specifications(option, scope, indent + "  ");
  return text.substr(0, text.size() - 3) + "\n";  // without the last backslash
}

/// The function that completes KEY=VALUE; empty if the options have no keys.
std::string keys_function_of(std::vector<Option> const& options, std::string const& scope) {
  auto const keys = keys_among(options);
  if (keys.empty()) return "";
  auto text = keys_function(scope) + "() {\n  _values key \\\n";
  for (auto const& key : keys)
    text += "    " +
            quoted(key.name + "[" + escaped(brief(key.text)) +
                   "]:value:" + (key.choices.empty() ? " " : "(" + joined(key.choices, " ") + ")")) +
            " \\\n";
  return text.substr(0, text.size() - 3) + "\n}\n\n";
}

}  // namespace

std::string to_zsh(Completed const& program) {
  auto const own = identifier_of(program.name), function = "_" + program.name;
  auto text = "#compdef " + program.name + "\n# Completion of " + program.name + " in zsh, made by " + program.name +
              " from the flags of its --help.\n\n";
  if (program.verbs.empty()) text += keys_function_of(program.options, own);
  for (auto const& verb : program.verbs) text += keys_function_of(verb.options, own + "_" + verb.name);
  text += function + "() {\n";
  if (program.verbs.empty()) text += arguments_of(program.options, own, "  ");
  else {
    text += "  local curcontext=$curcontext state line\n  typeset -A opt_args\n  local -a verbs=(\n";
    for (auto const& verb : program.verbs)
      text += "    " + quoted(escaped(verb.name) + ":" + escaped(brief(verb.summary))) + "\n";
    text += "  )\n  _arguments -C -S \\\n";
    for (auto const& option : program.options) text += specifications(option, own, "    ");
    text += "    ': :->verb' '*:: :->words'\n  case $state in\n    verb) _describe verb verbs ;;\n    words)\n";
    text += "      case $words[1] in\n";
    for (auto const& verb : program.verbs)
      text += "        " + verb.name + ")\n" + arguments_of(verb.options, own + "_" + verb.name, "          ") +
              "          ;;\n";
    text += "      esac\n      ;;\n  esac\n";
  }
  // Sourced by a user, it registers itself; found in $fpath, it is the body of the function with the file's name.
  return text + "}\n\nif [[ $funcstack[1] == " + function + " ]]; then\n  " + function + " \"$@\"\nelse\n  compdef " +
         function + " " + program.name + "\nfi\n";
}

}  // namespace mambasynth::help
