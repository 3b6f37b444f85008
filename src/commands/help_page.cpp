#include "commands/help_page.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/flags.hpp"
#include "config/toml.hpp"
#include "help/command_line.hpp"
#include "sweep/sweep_file.hpp"

namespace mambasynth::commands {
namespace {

/// What the field lists say about the key of a flag.
struct ListedKey {
  std::string key;
  config::Listing listing = config::Listing::none;
};

template <class F>
void for_each_documented_section(F&& f) {
  f(sweep::SweepKeys{});
  config::Trial const trial;
  config::for_each_section(trial, f);
}

std::optional<ListedKey> key_of(std::string_view section, help::Option const& option) {
  std::optional<ListedKey> found;
  for_each_documented_section([&]<class Section>(Section const&) {
    if (Section::section != section) return;
    config::for_each_field<Section>([&](auto const& field) {
      if (is_flag_of(section, field.key, option.names.front()))
        found = ListedKey{std::string(section) + "." + std::string(field.key), field.listing};
    });
  });
  return found;
}

/// The verb in whose --help the keys of a section with Listing::own stand.
std::string_view home_of(std::string_view section) { return section == config::Model::section ? "train" : section; }

std::string title_of(std::string_view section) {
  std::string title;
  for_each_documented_section([&]<class Section>(Section const&) {
    if (Section::section == section) title = Section::title;
  });
  return title;
}

/// Names the keys of a group "[section]", and keeps those that this verb's --help lists.
void describe_keys(help::Group& group, std::string_view verb) {
  auto const section = group.title.substr(1, group.title.size() - 2);
  for (auto& option : group.options) {
    auto const found = key_of(section, option);
    if (!found) continue;
    option.key = found->key;
    option.common = option.common && (found->listing == config::Listing::common ||
                                      (found->listing == config::Listing::own && home_of(section) == verb));
  }
  auto title = title_of(section);
  if (title.empty()) return;
  title.front() = static_cast<char>(title.front() - 'a' + 'A');
  group.title = title + ", [" + section + "]";
}

/// Flags of all verbs come last, in the same order.
void move_shared_groups_to_the_end(std::vector<help::Group>& groups) {
  std::array<std::string_view, 3> const last{group::output, help::rare, group::general};
  auto const place = [&](help::Group const& of) {
    return std::distance(last.begin(), std::find(last.begin(), last.end(), of.title));
  };
  auto const is_shared = [&](help::Group const& of) {
    return std::find(last.begin(), last.end(), of.title) != last.end();
  };
  auto const shared =
      std::stable_partition(groups.begin(), groups.end(), [&](auto const& of) { return !is_shared(of); });
  std::stable_sort(shared, groups.end(), [&](auto const& a, auto const& b) { return place(a) < place(b); });
}

help::Option help_flag(std::string name, std::string text) {
  return {.names = {std::move(name)}, .text = std::move(text)};
}

}  // namespace

help::Page help_of(Verb const& verb, CLI::App const& app) {
  help::Page page{.name = "mambasynth " + std::string(verb.name),
                  .sentence = std::string(verb.sentence),
                  .examples = {verb.examples.begin(), verb.examples.end()},
                  .groups = help::groups_of(app),
                  .notes = std::string(verb.notes)};
  for (auto& group : page.groups)
    if (group.title.starts_with("[")) describe_keys(group, verb.name);
  move_shared_groups_to_the_end(page.groups);
  auto const is_general = [](auto const& of) { return of.title == group::general; };
  if (std::find_if(page.groups.begin(), page.groups.end(), is_general) == page.groups.end())
    page.groups.push_back({group::general, {}});
  page.groups.back().options.push_back(help_flag("--help-all", "show every flag, with its range"));
  return page;
}

help::Overview overview() {
  help::Overview all{
      .name = "mambasynth",
      .sentence = "Batch experiments on small causal Mamba models: generate a series, train, sweep, measure.",
      .examples = {{"mambasynth train --epochs 20 --out run", ""},
                   {"mpirun -n 8 mambasynth sweep sweeps/gate_lr.toml --out runs/gate_lr", ""}},
      .groups = {},
      .options = {help_flag("mambasynth help VERB", "the common flags of a verb, with examples"),
                  help_flag("mambasynth VERB --help-all", "all its flags, with their ranges"),
                  help_flag("mambasynth --version", "the versions and features of this build"),
                  help_flag("mambasynth manual [VERB]", "the manual page, for `| man -l -`"),
                  help_flag("mambasynth completion bash", "completion for bash; also for zsh, fish")}};
  for (auto const& verb : verbs()) {
    if (all.groups.empty() || all.groups.back().title != verb.purpose)
      all.groups.push_back({std::string(verb.purpose), {}});
    all.groups.back().verbs.emplace_back(verb.name, verb.summary);
  }
  return all;
}

}  // namespace mambasynth::commands
