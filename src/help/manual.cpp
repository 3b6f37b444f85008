#include "help/manual.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace mambasynth::help {
namespace {

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

/// Literal text: roff reads a plain "-" as a hyphen, which cannot be pasted into a shell.
std::string code(std::string_view text) {
  std::string roff;
  for (char const c : text) roff += c == '-' ? "\\-" : c == '\\' ? "\\e" : c == '\'' ? "\\(aq" : std::string(1, c);
  return roff.starts_with(".") ? "\\&" + roff : roff;
}

/// A word of a sentence: only between the letters of a compound word is "-" a hyphen.
std::string prose_word(std::string const& word) {
  auto const first = word.find_first_not_of("([`'\"");
  bool const literal =
      first == std::string::npos || word[first] == '-' || word.find("mambasynth-") != std::string::npos;
  if (literal) return code(word);
  std::string roff;
  for (std::size_t i = 0; i < word.size(); ++i) {
    bool const hyphen =
        word[i] == '-' && i > 0 && i + 1 < word.size() && is_letter(word[i - 1]) && is_letter(word[i + 1]);
    roff += hyphen ? "-" : code(word.substr(i, 1));
  }
  return word.front() == '.' && !roff.starts_with("\\&") ? "\\&" + roff : roff;
}

/// Each sentence begins a line, so that roff spaces it; lines are short, as roff's style asks.
std::string prose(std::string const& text) {
  constexpr std::size_t longest_line = 72;
  std::string roff, line;
  auto const end_line = [&] {
    if (!line.empty()) roff += line + "\n";
    line.clear();
  };
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    auto const next = prose_word(word);
    if (line.size() + 1 + next.size() > longest_line) end_line();
    line += (line.empty() ? "" : " ") + next;
    if (word.size() > 2 && (word.ends_with('.') || word.ends_with(".)"))) end_line();
  }
  end_line();
  return roff;
}

std::string bold(std::string_view text) { return "\\fB" + code(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + code(text) + "\\fR"; }

std::string heading(std::string const& name, std::string summary, Edition const& edition) {
  auto title = name;
  std::transform(title.begin(), title.end(), title.begin(),
                 [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  while (summary.ends_with('.')) summary.pop_back();
  if (summary.size() > 1 && is_letter(summary[1])) summary.front() = static_cast<char>(std::tolower(summary.front()));
  return ".TH " + code(title) + " 1 \"" + edition.date + "\" \"MambaSynth " + code(edition.version) + "\"\n" +
         ".SH NAME\n" + code(name) + " \\-\n" + prose(summary);
}

std::string names_and_value(Option const& option) {
  std::string text;
  for (auto const& name : option.names) text += (text.empty() ? "" : ", ") + bold(name);
  if (!option.negation.empty()) text += " / " + bold(option.negation);
  if (!option.value.empty()) text += (text.empty() ? "" : " ") + italic(option.value) + (option.repeats ? " ..." : "");
  return text;
}

/// Range, default and key of an option, below its description.
std::string facts_of(Option const& option) {
  std::string text;
  auto const add = [&](std::string const& label, std::string const& fact) {
    if (!fact.empty()) text += label + fact + ".\n";
  };
  add("", option.required && !option.names.empty() ? "Required" : "");
  add("Range: ", code(option.range));
  add("Default: ", code(option.initial));
  add("Key: ", option.key.empty() ? "" : bold(option.key));
  return text.empty() ? "" : ".br\n" + text;
}

std::string entry(std::string const& tag, std::string const& text) { return ".TP\n" + tag + "\n" + text; }

std::string examples_of(std::vector<Example> const& examples) {
  if (examples.empty()) return "";
  std::string text = ".SH EXAMPLES\n";
  for (auto const& example : examples) {
    if (!example.note.empty()) text += prose(std::string(example.note));
    text += (&example == &examples.front() ? "" : ".PP\n") + std::string(".nf\n.RS\n") + code(example.command) +
            "\n.RE\n.fi\n";
  }
  return text;
}

std::string exit_codes_of(Edition const& edition) {
  if (edition.exit_codes.empty()) return "";
  std::string text = ".SH EXIT STATUS\n";
  for (auto const& exit : edition.exit_codes)
    text += entry(bold(std::to_string(static_cast<int>(exit.code))), prose(std::string(exit.meaning)));
  return text;
}

std::string related_pages(std::vector<std::string> const& related) {
  if (related.empty()) return "";
  std::string text = ".SH SEE ALSO\n";
  for (auto const& name : related) text += ".BR " + code(name) + " (1)" + (&name == &related.back() ? "\n" : ",\n");
  return text;
}

std::string first_sentence(std::string const& text) { return text.substr(0, text.find(". ")); }

}  // namespace

std::string manual_name(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string to_roff(Page const& page, Edition const& edition, std::vector<std::string> const& related) {
  auto text =
      heading(manual_name(page.name), first_sentence(page.sentence), edition) + ".SH SYNOPSIS\n" + bold(page.name);
  std::string options;
  for (auto const& group : page.groups) {
    if (group.options.empty()) continue;
    options += ".SS " + prose(group.title);
    for (auto const& option : group.options) {
      options += entry(names_and_value(option), prose(option.text) + facts_of(option));
      if (option.required) text += " " + names_and_value(option);
      else if (option.names.empty()) text += " [" + names_and_value(option) + "]";
    }
  }
  text += " [" + italic("flags") + "]\n.SH DESCRIPTION\n" + prose(page.sentence);
  std::istringstream notes(page.notes);
  for (std::string note; std::getline(notes, note);) text += ".PP\n" + prose(note);
  return text + ".SH OPTIONS\n" + options + exit_codes_of(edition) + examples_of(page.examples) +
         related_pages(related);
}

std::string to_roff(Overview const& overview, Edition const& edition, std::vector<std::string> const& related) {
  auto text = heading(overview.name, first_sentence(overview.sentence), edition) + ".SH SYNOPSIS\n" +
              bold(overview.name) + " " + italic("VERB") + " [" + italic("flags") + "]\n.SH DESCRIPTION\n" +
              prose(overview.sentence) + ".SH VERBS\n";
  for (auto const& group : overview.groups) {
    text += ".SS " + prose(group.title);
    for (auto const& [verb, summary] : group.verbs)
      text += entry("\\fB" + code(manual_name(overview.name + " " + verb)) + "\\fR(1)", prose(summary));
  }
  text += ".SH HELP\n";
  for (auto const& option : overview.options) text += entry(names_and_value(option), prose(option.text));
  return text + exit_codes_of(edition) + examples_of(overview.examples) + related_pages(related);
}

}  // namespace mambasynth::help
