#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>

#include "analysis/collate/configuration.hpp"
#include "analysis/collate/mixture.hpp"
#include "analysis/document/rounding.hpp"
#include "analysis/report/answer.hpp"
#include "analysis/report/provenance.hpp"
#include "analysis/report/sections.hpp"
#include "analysis/report/wording.hpp"

namespace mambasynth::analysis::report {
namespace {

constexpr std::size_t most_losses = 50;

/// With two or three digits.
std::string hours(double value) {
  return value < 0.995 ? fmt::format("{:.2g} h", value) : fmt::format("{:.3g} h", value);
}

/// Distinct values, with how many trials have each if they differ.
std::string spread(collate::SweepFolder const& sweep, std::string const& name) {
  std::map<std::string, std::size_t> counts;
  for (auto const& trial : sweep.trials)
    if (auto const text = fact(trial, name); !text.empty()) ++counts[text];
  constexpr std::size_t most = 6;
  std::vector<std::string> parts;
  for (auto const& [text, count] : counts) {
    if (parts.size() == most) {
      parts.push_back(fmt::format("{} more", counts.size() - most));
      break;
    }
    parts.push_back(counts.size() == 1 ? text : fmt::format("{} ({})", text, counted(count, "trial")));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string versions(collate::Shared what, collate::SweepFolder const& sweep) {
  std::vector<std::string> names;
  for (auto const& version : collate::versions_of(what, sweep.trials)) names.push_back(version.name);
  return fmt::format("{}{}", names.size() > 1 ? "mixed: " : "", fmt::join(names, "; "));
}

std::string seeds_of(collate::SweepFolder const& sweep) {
  std::set<std::string> seeds;
  for (auto const& trial : sweep.trials)
    if (!trial.seed.empty()) seeds.insert(trial.seed);
  constexpr std::size_t most = 20;
  std::vector<std::string> shown(seeds.begin(), seeds.end());
  if (auto const all = shown.size(); all > most) {
    shown.resize(most);
    shown.push_back(fmt::format("{} more", all - most));
  }
  return fmt::format("{}", fmt::join(shown, ", "));
}

document::Table facts_table(Chapter const& chapter) {
  auto const& collation = chapter.collation;
  auto const& sweep = collation.sweep;
  document::Table table;
  auto const left = document::Align::left;
  table.columns = {{.key = "what", .title = "What", .align = left, .heads_row = true},
                   {.key = "value", .title = "Value", .align = left}};
  auto const add = [&](std::string const& what, std::string const& value) {
    if (!value.empty()) table.rows.push_back({document::Cell(what), document::Cell(value)});
  };
  auto const effort = effort_of(sweep);
  add("Trials", completeness(sweep));
  add("Cells", fmt::format("{}", collation.table.cells.size()));
  add("Seeds", seeds_of(sweep));
  auto const per_gpu = chapter.trials_per_gpu;
  if (effort.gpu_hours > 0)
    add("GPU-hours", hours(effort.gpu_hours / static_cast<double>(std::max<std::int64_t>(1, per_gpu))) +
                         (per_gpu > 1 ? fmt::format(" ({} trials share a GPU; summed over trials, {})", per_gpu,
                                                    hours(effort.gpu_hours))
                                      : ""));
  if (effort.core_hours > 0) add("CPU core-hours", hours(effort.core_hours));
  if (effort.trial_hours > 0) {
    auto const mean = 3600 * effort.trial_hours / static_cast<double>(effort.trials);
    add("Time of a trial, mean", document::plain_number(mean) + " s");
  }
  if (!effort.first_start.empty()) add("Run", effort.first_start + " to " + effort.last_end);
  add("Device", versions(collate::Shared::device, sweep));
  add("GPU", spread(sweep, "gpu_name"));
  add("Host", spread(sweep, "host"));
  add("Slurm job", spread(sweep, "slurm_job"));
  add("Code", versions(collate::Shared::code, sweep));
  add("Data (SHA-256)", versions(collate::Shared::data, sweep));
  for (auto const& [name, words] : {std::pair{"version", "MambaSynth"},
                                    {"build_type", "Build"},
                                    {"compiler", "Compiler"},
                                    {"libtorch", "LibTorch"},
                                    {"cuda", "CUDA"},
                                    {"driver", "Driver"},
                                    {"mpi", "MPI"},
                                    {"instruction_set", "Instruction set"},
                                    {"container", "Container image"}})
    add(words, spread(sweep, name));
  return table;
}

document::Table losses_table(collate::Collation const& collation) {
  document::Table table;
  auto const left = document::Align::left;
  table.columns = {{.key = "trial", .title = "Trial", .align = left, .heads_row = true},
                   {.key = "setting", .title = "Setting", .align = left},
                   {.key = "seed", .title = "Seed"},
                   {.key = "state", .title = "State", .align = left},
                   {.key = "reason", .title = "Reason", .align = left}};
  std::size_t lost = 0;
  for (auto const& trial : collation.sweep.trials) {
    if (trial.outcome == collate::Outcome::done || ++lost > most_losses) continue;
    std::vector<std::string> parts;
    for (auto const& [key, value] : trial.axes)
      if (value != trial.id) parts.push_back(fmt::format("{} = {}", collate::short_key(key), value_phrase(value)));
    table.rows.push_back({document::Cell(trial.id), document::Cell(fmt::format("{}", fmt::join(parts, ", "))),
                          document::Cell(trial.seed), document::Cell(std::string(collate::state_of(trial))),
                          document::Cell(trial.reason)});
  }
  if (lost > most_losses) table.notes.push_back({"", fmt::format("The first {} of {}.", most_losses, lost)});
  return table;
}

}  // namespace

document::Section ran_section(Material const& material) {
  auto const& collation = material.chapter.collation;
  document::Section section{.title = "What ran", .label = material.label("ran")};
  auto facts = facts_table(material.chapter);
  facts.label = material.label("ran");
  facts.caption = "Trials, time, machines, and versions.";
  section.blocks.emplace_back(std::move(facts));
  if (auto lost = losses_table(collation); !lost.rows.empty()) {
    lost.label = material.label("lost");
    lost.caption = "Trials that are not done. Means are over the others, which may be the easier ones.";
    section.blocks.emplace_back(std::move(lost));
  }
  return section;
}

}  // namespace mambasynth::analysis::report
