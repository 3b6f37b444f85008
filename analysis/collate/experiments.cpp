#include "analysis/collate/experiments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "config/toml.hpp"

namespace mambasynth::analysis::collate {
namespace {

std::string shown_value(Value const& value) { return value.written.empty() ? "default" : value.written; }

/// Values in the order in which they came, and who has them.
class Holders {
 public:
  void add(Value const& value, std::string const& holder) {
    auto at = std::find_if(values_.begin(), values_.end(),
                           [&](auto const& known) { return known.first.canonical == value.canonical; });
    if (at == values_.end()) at = values_.insert(values_.end(), {value, {}});
    auto& holders = at->second;
    if (std::find(holders.begin(), holders.end(), holder) == holders.end()) holders.push_back(holder);
  }
  [[nodiscard]] bool differ() const { return values_.size() > 1; }
  /// "1 in A, B; 2 in C"
  [[nodiscard]] std::string text() const {
    constexpr std::size_t shown = 4;
    std::vector<std::string> parts;
    for (auto const& [value, holders] : values_) {
      if (parts.size() == shown) break;
      std::vector<std::string> const named(
          holders.begin(), holders.begin() + static_cast<std::ptrdiff_t>(std::min(shown, holders.size())));
      parts.push_back(
          fmt::format("{} in {}{}", shown_value(value), fmt::join(named, ", "),
                      named.size() < holders.size() ? fmt::format(" and {} more", holders.size() - named.size()) : ""));
    }
    auto const more = values_.size() - parts.size();
    return fmt::format("{}{}", fmt::join(parts, "; "), more > 0 ? fmt::format("; and {} more values", more) : "");
  }

 private:
  std::vector<std::pair<Value, std::vector<std::string>>> values_;
};

/// Each configuration of a result once for each folder that has it, in the order in which they come.
std::vector<std::pair<Configuration const*, std::string>> configurations_of_results(SweepFolder const& sweep) {
  std::set<std::pair<Configuration const*, std::string>> known;
  std::vector<std::pair<Configuration const*, std::string>> all;
  for (auto const& trial : sweep.trials) {
    if (!trial.result || !trial.configuration) continue;
    std::pair found(trial.configuration.get(), trial.folder.string());
    if (known.insert(found).second) all.push_back(std::move(found));
  }
  return all;
}

/// Keys that differ between results, in the order of the configuration; unknown keys come last.
std::vector<std::pair<std::string, Holders>> differing(SweepFolder const& sweep) {
  auto keys = config::trial_keys();
  std::set<std::string> known(keys.begin(), keys.end());
  auto const configurations = configurations_of_results(sweep);
  for (auto const& [configuration, folder] : configurations)
    for (auto const& [key, value] : *configuration)
      if (known.insert(key).second) keys.push_back(key);
  auto const is_axis = [&](std::string const& key) {
    return std::find(sweep.axes.begin(), sweep.axes.end(), key) != sweep.axes.end();
  };
  // If a file is read, it decides what the other keys of [data] are.
  bool const files = is_axis("data.path");
  std::vector<std::pair<std::string, Holders>> found;
  for (auto const& key : keys) {
    if (is_axis(key) || !tells_apart(key) || (files && key.starts_with("data."))) continue;
    Holders holders;
    for (auto const& [configuration, folder] : configurations) holders.add(value_of(*configuration, key), folder);
    if (holders.differ()) found.emplace_back(key, std::move(holders));
  }
  return found;
}

/// The configuration that all results of a folder share; none if they differ.
std::map<std::filesystem::path, std::optional<Value>> values_of_folders(SweepFolder const& sweep,
                                                                        std::string const& key) {
  std::map<std::filesystem::path, std::optional<Value>> values;
  for (auto const& trial : sweep.trials) {
    if (!trial.result || !trial.configuration) continue;
    auto value = value_of(*trial.configuration, key);
    auto const [at, is_new] = values.try_emplace(trial.folder, value);
    if (!is_new && at->second && at->second->canonical != value.canonical) at->second.reset();
  }
  return values;
}

/// A trial without a result gets the configuration of the results in its folder, or else the planned one.
void give_axis(SweepFolder& sweep, std::string const& key) {
  auto const of_folders = values_of_folders(sweep, key);
  for (auto& trial : sweep.trials) {
    if (trial.axes.contains(key)) continue;
    auto const of_folder = of_folders.find(trial.folder);
    if (!trial.result && of_folder != of_folders.end() && of_folder->second)
      trial.axes[key] = shown_value(*of_folder->second);
    else if (key == "train.seed" && !trial.seed.empty()) trial.axes[key] = trial.seed;
    else if (trial.configuration) trial.axes[key] = shown_value(value_of(*trial.configuration, key));
  }
}

}  // namespace

void unify_values(SweepFolder& sweep) {
  for (auto const& key : sweep.axes) {
    if (key != trial_axis) give_axis(sweep, key);
    std::map<std::string, std::string> first;
    for (auto& trial : sweep.trials)
      if (auto const at = trial.axes.find(key); at != trial.axes.end())
        at->second = first.try_emplace(canonical_of(key, at->second), at->second).first->second;
  }
}

std::vector<std::string> differences(SweepFolder const& sweep) {
  std::vector<std::string> found;
  for (auto const& [key, holders] : differing(sweep)) found.push_back(fmt::format("{} ({})", key, holders.text()));
  return found;
}

void tell_experiments_apart(SweepFolder& sweep, bool average) {
  auto const keys = differing(sweep);
  if (keys.empty()) return;
  // Each trial outside a sweep has a row of its own, whatever it differs in.
  bool const sweeps = std::any_of(sweep.trials.begin(), sweep.trials.end(),
                                  [](auto const& trial) { return !trial.axes.contains(trial_axis); });
  if (sweeps) {
    auto const found = differences(sweep);
    sweep.warnings.push_back(fmt::format(
        "trials differ in {}, which no axis of the sweep moves. {}", fmt::join(found, ", "),
        average ? "They are averaged, as --allow-mixed configuration asks."
                : "Each such key is a column, and they are not averaged; --allow-mixed configuration averages them."));
  }
  if (average) return;
  for (auto const& [key, holders] : keys) sweep.axes.push_back(key);
  unify_values(sweep);
}

void warn_of_environments(SweepFolder& sweep) {
  std::map<std::string, Holders> facts;
  for (auto const& trial : sweep.trials)
    if (trial.result)
      for (auto const* name : {"version", "build_type", "libtorch", "cuda", "gpu_name", "instruction_set"})
        if (auto const fact = trial.result->fact(name); !fact.empty())
          facts[name].add({fact, fact}, trial.folder.string());
  std::vector<std::string> found;
  for (auto const& [name, holders] : facts)
    if (holders.differ()) found.push_back(fmt::format("{} ({})", name, holders.text()));
  if (!found.empty())
    sweep.warnings.push_back(
        fmt::format("trials of one table were computed by different means: {}. Their numbers may differ by rounding.",
                    fmt::join(found, ", ")));
}

}  // namespace mambasynth::analysis::collate
