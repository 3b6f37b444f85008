#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The contents of a program's help, apart from how they are shown: renderers (text.hpp, manual.hpp, completion.hpp)
/// read only these structures.
namespace mambasynth::help {

/// A flag or a positional argument.
struct Option {
  std::vector<std::string> names;         ///< "--data", "--data-dir": the first is the usual one; empty for an argument
  std::string negation = {};              ///< "--no-controls", if a switch has one
  std::string value = {};                 ///< placeholder: "FILE", "auto|cpu|cuda"; empty for a switch
  std::string text = {};                  ///< what it does, as a phrase
  std::string range = {};                 ///< the allowed values in words; empty: any, or those that `value` lists
  std::string initial = {};               ///< the default as TOML writes it, or in words; empty: none
  std::string key = {};                   ///< "train.lr"; empty: a flag without a key
  std::vector<std::string> choices = {};  ///< the words that it takes, if it takes nothing else
  bool required = false;
  bool repeats = false;  ///< an argument or flag that takes several values
  bool common = true;    ///< shown by --help; the others only by --help-all
};

struct Group {
  std::string title;
  std::vector<Option> options;
};

/// A complete command line, and in a few words what it does.
struct Example {
  std::string_view command, note;
};

/// The help of a program or verb.
struct Page {
  std::string name;      ///< "mambasynth train"
  std::string sentence;  ///< what it does
  std::vector<Example> examples;
  std::vector<Group> groups;  ///< arguments first
  std::string notes = {};     ///< paragraphs after the flags
};

/// A list of verbs: purpose, then (name, summary) of each verb.
struct VerbGroup {
  std::string title;
  std::vector<std::pair<std::string, std::string>> verbs;
};
struct Overview {
  std::string name, sentence;
  std::vector<Example> examples;
  std::vector<VerbGroup> groups;
  std::vector<Option> options;
};

}  // namespace mambasynth::help
