#include "help/text.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

namespace mambasynth::help {
namespace {

constexpr std::size_t margin = 2, gap = 2;
constexpr std::size_t flag_column = 30, verb_column = 13;

/// The words of a text; a short bracket is one word.
std::vector<std::string> words_of(std::string const& text) {
  constexpr std::size_t longest_together = 34;
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    if (word.starts_with("[")) {
      for (std::string next; word.find(']') == std::string::npos && stream >> next;) word += " " + next;
      if (word.size() > longest_together) {
        std::istringstream parts(word);
        for (std::string part; parts >> part;) words.push_back(part);
        continue;
      }
    }
    words.push_back(word);
  }
  return words;
}

/// "--figures / --no-figures", "--data FILE", "DIR...".
std::string names_of(Option const& option, Extent extent) {
  std::string text;
  auto const shown = extent == Extent::all ? option.names.size() : std::min<std::size_t>(option.names.size(), 1);
  for (std::size_t i = 0; i < shown; ++i) text += (i > 0 ? ", " : "") + option.names[i];
  if (!option.negation.empty()) text += " / " + option.negation;
  if (!option.value.empty()) text += (text.empty() ? "" : " ") + option.value + (option.repeats ? "..." : "");
  return text;
}

/// "[default: 42]" as "[42]", so that most flags take one line.
std::string without_label(std::string text) {
  constexpr std::string_view label = "[default: ";
  for (auto at = text.find(label); at != std::string::npos; at = text.find(label)) text.replace(at, label.size(), "[");
  return text;
}

std::string text_of(Option const& option, Extent extent) {
  auto text = option.text;
  if (extent == Extent::all && !option.range.empty())  // before a default that stands in the text
    text.insert(text.ends_with("]") ? std::min(text.find(" [default: "), text.size()) : text.size(),
                " (" + option.range + ")");
  if (!option.initial.empty()) text += " [default: " + option.initial + "]";
  if (option.required && !option.names.empty()) text += " [required]";
  return extent == Extent::all ? text : without_label(std::move(text));
}

/// `left`, then `right` from a column on, on the next line if `left` is too long.
std::string row(std::string const& left, std::string const& right, std::size_t column) {
  std::string line = std::string(margin, ' ') + left;
  if (line.size() + gap > column) line += "\n" + std::string(column, ' ');
  else line.resize(column, ' ');
  return line + wrapped(right, column, column) + "\n";
}

std::string examples_of(std::vector<Example> const& examples) {
  std::string text;
  for (auto const& example : examples) {
    std::string const command = std::string(margin, ' ') + std::string(example.command);
    std::string const note = "# " + std::string(example.note);
    if (example.note.empty()) text += command + "\n";
    else if (command.size() + gap + note.size() <= columns) text += command + std::string(gap, ' ') + note + "\n";
    else text += std::string(margin, ' ') + note + "\n" + command + "\n";
  }
  return text.empty() ? text : "\nExamples:\n" + text;
}

/// Whether a bracket of the short help is a default.
bool shows_default(Page const& page) {
  return std::any_of(page.groups.begin(), page.groups.end(), [](auto const& group) {
    return std::any_of(group.options.begin(), group.options.end(), [](auto const& option) {
      return option.common && (!option.initial.empty() || option.text.find("[default: ") != std::string::npos);
    });
  });
}

std::string usage_of(Page const& page) {
  std::string text = "Usage: " + page.name;
  for (auto const& group : page.groups)
    for (auto const& option : group.options) {
      if (!option.names.empty() && !option.required) continue;
      auto const word = names_of(option, Extent::common);
      text += option.required ? " " + word : " [" + word + "]";
    }
  return text + " [flags]\n";
}

}  // namespace

std::string wrapped(std::string const& text, std::size_t start, std::size_t indent) {
  std::string lines;
  auto at = start;
  bool first_of_line = true;
  for (auto const& word : words_of(text)) {
    if (!first_of_line && at + 1 + word.size() > columns) {
      lines += "\n" + std::string(indent, ' ');
      at = indent;
      first_of_line = true;
    }
    lines += (first_of_line ? "" : " ") + word;
    at += word.size() + (first_of_line ? 0 : 1);
    first_of_line = false;
  }
  return lines;
}

std::string to_text(Page const& page, Extent extent) {
  auto text = usage_of(page) + "\n" + wrapped(page.sentence, 0, 0) + "\n" + examples_of(page.examples);
  for (auto const& group : page.groups) {
    std::string rows;
    for (auto const& option : group.options)
      if (option.common || extent == Extent::all)
        rows += row(names_of(option, extent), text_of(option, extent), flag_column);
    if (!rows.empty()) text += "\n" + group.title + ":\n" + rows;
  }
  bool const explains = extent == Extent::common && shows_default(page);
  std::istringstream paragraphs((explains ? "Defaults are in brackets.\n" : "") + page.notes);
  bool first = true;
  for (std::string line; std::getline(paragraphs, line); first = false)
    text += (first ? "\n" : "") + wrapped(line, 0, 0) + "\n";
  return text;
}

std::string to_text(Overview const& overview) {
  auto text = "Usage: " + overview.name + " VERB [flags]\n\n" + wrapped(overview.sentence, 0, 0) + "\n" +
              examples_of(overview.examples);
  for (auto const& group : overview.groups) {
    text += "\n" + group.title + ":\n";
    for (auto const& [verb, summary] : group.verbs) text += row(verb, summary, verb_column);
  }
  text += "\nHelp:\n";
  for (auto const& option : overview.options) text += row(names_of(option, Extent::common), option.text, flag_column);
  return text;
}

}  // namespace mambasynth::help
