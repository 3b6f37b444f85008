#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "help/page.hpp"

/// Scripts that complete command lines in a shell, made from the pages of --help.
namespace mambasynth::help {

struct CompletedVerb {
  std::string name, summary;
  std::vector<Option> options;
};

/// What can be typed after the name of a program: a verb and its options, or, of a program without verbs, only options.
struct Completed {
  std::string name;
  std::vector<CompletedVerb> verbs;
  std::vector<Option> options;
};

/// The options of a page in one list, and the flags of the help itself.
std::vector<Option> completed_options(Page const& page);

/// The shells that completion_script() knows.
std::span<std::string_view const> shells();
/// Where a package installs it: share/bash-completion/completions/NAME, share/zsh/site-functions/_NAME,
/// share/fish/vendor_completions.d/NAME.fish. Errors: errors::usage for another shell.
std::string completion_script(std::string_view shell, Completed const& program);

/// What the value of an option can be, by its placeholder.
enum class Accepts {
  nothing,  ///< a switch
  text,     ///< nothing to propose
  words,    ///< one of its choices
  list,     ///< several of its choices, separated by commas
  keys,     ///< KEY=VALUE, of the keys among the options of the verb
  files,
  toml_files,
  folders
};
Accepts accepted_by(Option const& option);

/// A key of the configuration, and the words that it takes, if it takes nothing else.
struct CompletedKey {
  std::string name, text;
  std::vector<std::string> choices;
};
std::vector<CompletedKey> keys_among(std::vector<Option> const& options);

/// All names of an option: the usual one, aliases, the negation.
std::vector<std::string> all_names(Option const& option);
/// The beginning of a description, so that a list of flags has one line for each.
std::string brief(std::string const& text);
std::string joined(std::vector<std::string> const& words, std::string_view separator);
/// A word in single quotes, as bash and zsh read it.
std::string quoted(std::string_view text);
/// "mambasynth-collate" as a part of a function's name.
std::string identifier_of(std::string name);

std::string to_bash(Completed const& program);
std::string to_zsh(Completed const& program);
std::string to_fish(Completed const& program);

}  // namespace mambasynth::help
