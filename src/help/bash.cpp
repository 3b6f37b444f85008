#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "help/completion.hpp"

namespace mambasynth::help {
namespace {

constexpr std::string_view begin_of_function = R"(
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} name='' kind='' words='' flags=''
  COMPREPLY=()
  # The flag or key whose value is typed. Bash separates "=" from the words beside it.
  if [[ $current == = ]]; then name=$previous current=''
  elif [[ $previous == = ]]; then name=${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ $previous == -* ]]; then name=$previous
  fi
)";

constexpr std::string_view end_of_function = R"(
  [[ $current != -* || -z $flags ]] || kind=words words=$flags
  case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
    list)
      local before=''
      [[ $current != *,* ]] || before=${current%,*},
      mapfile -t COMPREPLY < <(compgen -P "$before" -W "$words" -- "${current##*,}")
      compopt -o nospace
      ;;
    keys)
      mapfile -t COMPREPLY < <(compgen -S = -W "$words" -- "$current")
      compopt -o nospace
      ;;
    files) mapfile -t COMPREPLY < <(compgen -f -- "$current") && compopt -o filenames ;;
    toml_files) mapfile -t COMPREPLY < <(compgen -f -X '!*.toml' -- "$current"; compgen -d -- "$current") && compopt -o filenames ;;
    folders) mapfile -t COMPREPLY < <(compgen -d -- "$current") && compopt -o filenames ;;
  esac
}
)";

std::string kind_of(Accepts accepts) {
  switch (accepts) {
    case Accepts::nothing:
      return "";
    case Accepts::text:
      return "text";
    case Accepts::words:
      return "words";
    case Accepts::list:
      return "list";
    case Accepts::keys:
      return "keys";
    case Accepts::files:
      return "files";
    case Accepts::toml_files:
      return "toml_files";
    case Accepts::folders:
      return "folders";
  }
  return "";
}

std::string assignments(Accepts accepts, std::vector<std::string> const& words) {
  auto text = "kind=" + kind_of(accepts);
  if (!words.empty()) text += " words=" + quoted(joined(words, " "));
  return text;
}

/// The flags of a verb, what the value of each can be, and its arguments.
std::string body_of(std::vector<Option> const& options, std::string const& indent) {
  auto const keys = keys_among(options);
  std::vector<std::string> key_names, flags;
  for (auto const& key : keys) key_names.push_back(key.name);
  std::map<std::string, std::vector<std::string>> names_by_value;
  std::string argument;
  for (auto const& option : options) {
    auto const accepts = accepted_by(option);
    auto const value = assignments(accepts, accepts == Accepts::keys ? key_names : option.choices);
    if (option.names.empty()) {
      if (argument.empty()) argument = value;
      continue;
    }
    auto const names = all_names(option);
    flags.insert(flags.end(), names.begin(), names.end());
    if (accepts == Accepts::nothing) continue;
    auto& same = names_by_value[value];
    same.insert(same.end(), option.names.begin(), option.names.end());
  }
  for (auto const& key : keys)
    names_by_value[assignments(key.choices.empty() ? Accepts::text : Accepts::words, key.choices)].push_back(key.name);

  auto text = indent + "case $name in\n";
  for (auto const& [value, names] : names_by_value)
    text += indent + "  " + joined(names, " | ") + ") " + value + " ;;\n";
  text += indent + "  *) flags=" + quoted(joined(flags, " ")) + (argument.empty() ? "" : " " + argument) + " ;;\n";
  return text + indent + "esac\n";
}

}  // namespace

std::string to_bash(Completed const& program) {
  auto const function = "_" + identifier_of(program.name);
  auto text = "# shellcheck shell=bash\n# Completion of " + program.name + " in bash, made by " + program.name +
              " from the flags of its --help.\n" + function + "() {" + std::string(begin_of_function);
  if (program.verbs.empty()) text += body_of(program.options, "  ");
  else {
    std::vector<std::string> verbs, flags;
    for (auto const& verb : program.verbs) verbs.push_back(verb.name);
    for (auto const& option : program.options) flags.insert(flags.end(), option.names.begin(), option.names.end());
    text += "  if ((COMP_CWORD == 1)); then kind=words words=" + quoted(joined(verbs, " ")) +
            " flags=" + quoted(joined(flags, " ")) + "\n  else\n    case ${COMP_WORDS[1]} in\n";
    for (auto const& verb : program.verbs)
      text += "      " + verb.name + ")\n" + body_of(verb.options, "        ") + "        ;;\n";
    text += "    esac\n  fi\n";
  }
  return text + std::string(end_of_function.substr(1)) + "complete -F " + function + " " + program.name + "\n";
}

}  // namespace mambasynth::help
