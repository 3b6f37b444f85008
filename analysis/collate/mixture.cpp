#include "analysis/collate/mixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "analysis/collate/experiments.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::collate {

namespace {

constexpr char const* precision_key = "train.precision";

std::string version_of(Shared what, CollatedTrial const& trial) {
  auto const& provenance = trial.result->provenance;
  switch (what) {
    case Shared::code:
      return provenance.git_commit + (provenance.git_dirty ? " with uncommitted changes" : "");
    case Shared::data:
      return provenance.data_hash;
    case Shared::device:
      return provenance.device;
    case Shared::precision:
      return trial.configuration ? value_of(*trial.configuration, precision_key).written : "";
    case Shared::threads:
      return provenance.device == "cpu" ? trial.result->fact("threads") : "";
  }
  return "";
}

/// The values of the axes that change it on purpose, as one string.
std::string axes_over(Shared what, CollatedTrial const& trial) {
  std::string text;
  for (auto const& [key, value] : trial.axes)
    if ((what == Shared::data && key.starts_with("data.")) || (what == Shared::precision && key == precision_key))
      text += key + "=" + value + "\n";
  return text;
}

void add(std::vector<Version>& versions, std::string const& name, std::string const& trial) {
  auto at = std::find_if(versions.begin(), versions.end(), [&](auto const& version) { return version.name == name; });
  if (at == versions.end()) at = versions.insert(versions.end(), Version{name, {}});
  at->trials.push_back(trial);
}

/// "3f2a... in trials a, b, c and 5 more"
std::string trials_of(Version const& version) {
  constexpr std::size_t shown = 4;
  auto const named = std::min(shown, version.trials.size());
  auto text =
      fmt::format("{} in {} {}", version.name, version.trials.size() == 1 ? "trial" : "trials",
                  fmt::join(version.trials.begin(), version.trials.begin() + static_cast<std::ptrdiff_t>(named), ", "));
  if (named < version.trials.size()) text += fmt::format(" and {} more", version.trials.size() - named);
  return text;
}

char const* plural(Shared what) {
  switch (what) {
    case Shared::code:
      return "code versions";
    case Shared::data:
      return "data sets";
    case Shared::device:
      return "kinds of device";
    case Shared::precision:
      return "precisions";
    case Shared::threads:
      return "numbers of CPU threads";
  }
  return "";
}

}  // namespace

char const* name_of(Shared what) {
  switch (what) {
    case Shared::code:
      return "code";
    case Shared::data:
      return "data";
    case Shared::device:
      return "device";
    case Shared::precision:
      return "precision";
    case Shared::threads:
      return "threads";
  }
  return "";
}

std::vector<Version> versions_of(Shared what, std::vector<CollatedTrial> const& trials) {
  std::map<std::string, std::vector<Version>> groups;
  for (auto const& trial : trials) {
    if (!trial.result) continue;
    if (auto const version = version_of(what, trial); !version.empty())
      add(groups[axes_over(what, trial)], version, trial.id);
  }
  std::vector<Version> first;
  for (auto& [axes, versions] : groups) {
    if (versions.size() > 1) return versions;
    if (first.empty()) first = versions;
  }
  return first;
}

void refuse_mixtures(SweepFolder const& sweep, std::set<Shared> const& allowed) {
  std::vector<std::string> mixed, described, names;
  for (auto const what : all_shared) {
    auto const versions = versions_of(what, sweep.trials);
    if (versions.size() < 2 || allowed.contains(what)) continue;
    mixed.push_back(fmt::format("{} {}", versions.size(), plural(what)));
    names.emplace_back(name_of(what));
    for (auto const& version : versions) described.push_back(trials_of(version));
    if (what == Shared::data)
      for (auto const& difference : differences(sweep))
        if (difference.starts_with("data.")) described.push_back(difference);
  }
  if (mixed.empty()) return;
  throw errors::usage(
      fmt::format("{} in one table", fmt::join(mixed, ", ")), fmt::format("{}", fmt::join(described, "; ")),
      fmt::format("Collate them apart, run the odd ones again, or accept the mixture with --allow-mixed {}",
                  fmt::join(names, ",")));
}

}  // namespace mambasynth::analysis::collate
