#include "commands/documents.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "commands/flags.hpp"
#include "commands/help_page.hpp"
#include "commands/verb.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "streams/streams.hpp"
#include "version/version.hpp"

namespace mambasynth::commands {
namespace {

constexpr char const* program_name = "mambasynth";

help::Page page_of(Verb const& verb) {
  CLI::App app{std::string(verb.summary), std::string(verb.name)};
  auto const action = verb.declare(app);
  return help_of(verb, app);
}

std::vector<Verb> every_verb() {
  std::vector<Verb> all(verbs().begin(), verbs().end());
  all.insert(all.end(), document_verbs().begin(), document_verbs().end());
  return all;
}

help::Edition edition() {
  using errors::ExitCode;
  auto const& source = version::source();
  return {.version = std::string(source.number),
          .date = std::string(source.date),
          .exit_codes = {{ExitCode::done, "done"},
                         {ExitCode::defect, "a defect of the program or of the machine, such as a full disk"},
                         {ExitCode::usage, "wrong usage or configuration"},
                         {ExitCode::input, "an input file that cannot be used"},
                         {ExitCode::incomplete, "the work is complete, but some trials failed or diverged"},
                         {ExitCode::stopped, "stopped on request; the same command continues"}}};
}

/// An argument that names a verb.
help::Option verb_argument() {
  help::Option argument{.names = {}, .value = "VERB", .text = "the verb to explain"};
  for (auto const& verb : every_verb()) argument.choices.emplace_back(verb.name);
  return argument;
}

Action declare_completion(CLI::App& app) {
  auto const shell = std::make_shared<std::string>();
  std::vector<std::string> const names(help::shells().begin(), help::shells().end());
  app.add_option("shell", *shell, "the shell that will read the script")
      ->required()
      ->type_name(help::joined(names, "|"))
      ->check(CLI::IsMember(names));
  return [shell] {
    streams::print_text(help::completion_script(*shell, completed_program()));
    return static_cast<int>(errors::ExitCode::done);
  };
}

/// NAME.1 of the program and of each verb.
void write_pages(std::filesystem::path const& folder) {
  std::filesystem::create_directories(folder);
  store::write_atomically(folder / (std::string(program_name) + ".1"), manual_page(""));
  for (auto const& verb : every_verb()) {
    auto const name = help::manual_name(program_name + (" " + std::string(verb.name)));
    store::write_atomically(folder / (name + ".1"), manual_page(std::string(verb.name)));
  }
}

struct ManualOptions {
  std::string verb, out;
};

Action declare_manual(CLI::App& app) {
  auto const options = std::make_shared<ManualOptions>();
  app.add_option("verb", options->verb, "verb to explain; without one, the page of the program")->type_name("VERB");
  app.add_option("--out", options->out, "write the pages of the program and all verbs to this folder instead")
      ->type_name("DIR")
      ->group(group::output);
  return [options] {
    if (options->out.empty()) streams::print_text(manual_page(options->verb));
    else write_pages(options->out);
    return static_cast<int>(errors::ExitCode::done);
  };
}

constexpr Verb all_document_verbs[] = {
    {.name = "completion",
     .summary = "print a script with which a shell completes verbs, flags and keys",
     .declare = declare_completion,
     .purpose = "Documentation",
     .sentence = "Print a script with which bash, zsh or fish completes verbs, flags, their values, and keys.",
     .examples = {{{". <(mambasynth completion bash)", ""},
                   {"mambasynth completion fish > ~/.config/fish/completions/mambasynth.fish", ""}}}},
    {.name = "manual",
     .summary = "print a manual page as roff",
     .declare = declare_manual,
     .purpose = "Documentation",
     .sentence = "Print the manual page of the program or of a verb as roff, which man formats.",
     .examples = {{{"mambasynth manual train | man -l -", ""},
                   {"mambasynth manual --out ~/.local/share/man/man1", ""}}}},
};

}  // namespace

std::span<Verb const> document_verbs() { return all_document_verbs; }

help::Completed completed_program() {
  help::Completed program{.name = program_name, .verbs = {}, .options = {}};
  for (auto const& verb : every_verb()) {
    auto options = help::completed_options(page_of(verb));
    if (verb.declare == declare_manual)
      std::replace_if(
          options.begin(), options.end(), [](auto const& option) { return option.names.empty(); }, verb_argument());
    program.verbs.push_back({std::string(verb.name), std::string(verb.summary), std::move(options)});
  }
  program.verbs.push_back({"help", "show the common flags of a verb, with examples", {verb_argument()}});
  program.options = {{.names = {"--help", "-h"}, .text = "list the verbs"},
                     {.names = {"--version"}, .text = "print the versions and features of this build"}};
  return program;
}

std::string manual_page(std::string const& name) {
  std::vector<std::string> names, pages;
  auto const all = every_verb();
  for (auto const& verb : all) {
    names.emplace_back(verb.name);
    pages.push_back(help::manual_name(program_name + std::string(" ") + names.back()));
  }
  std::string const collator = "mambasynth-collate";
  if (name.empty()) {
    pages.push_back(collator);
    return help::to_roff(overview(), edition(), pages);
  }
  auto const found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    auto const near = errors::nearest(name, names);
    throw errors::usage("no manual page of '" + name + "'", "it is not a verb",
                        (near.empty() ? "" : "Did you mean '" + near + "'? ") + std::string("See mambasynth --help"));
  }
  return help::to_roff(page_of(all[static_cast<std::size_t>(found - names.begin())]), edition(),
                       {program_name, collator});
}

}  // namespace mambasynth::commands
