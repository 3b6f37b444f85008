#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "config/section.hpp"

/// The sweep as its file says it: axes, seeds and the configuration that all trials share.
namespace mambasynth::sweep {

/// The plain keys of [sweep].
struct SweepKeys {
  std::string name;
  config::Integers seeds;
  std::int64_t ranks_per_trial = 1;
  std::int64_t trials_per_gpu = 1;
  std::int64_t retries = 1;
  double rank_timeout = 120;
  double trial_timeout = 0;
  double walltime_margin = 120;

  static constexpr std::string_view section = "sweep";
  static auto fields() {
    using config::Field;
    return std::tuple{
        Field{"name", &SweepKeys::name, config::any(), "the sweep's name [default: its file's]", config::Effect::none},
        Field{"seeds", &SweepKeys::seeds, config::seeds(),
              "each trial runs once with each as train.seed [default: train.seed]", config::Effect::none},
        Field{"ranks_per_trial", &SweepKeys::ranks_per_trial, config::between(1, config::most_width),
              "ranks that train one trial together", config::Effect::none},
        Field{"trials_per_gpu", &SweepKeys::trials_per_gpu, config::between(1, 1000),
              "trials that share a GPU: of several ranks that were started on it, else of one", config::Effect::none},
        Field{"retries", &SweepKeys::retries, config::between(0, 1000),
              "how often a launch runs a failed trial again, on another rank where there is one", config::Effect::none},
        Field{"rank_timeout", &SweepKeys::rank_timeout, config::above(0, config::most_seconds),
              "seconds until a silent rank counts as lost and another takes its trial", config::Effect::none},
        Field{"trial_timeout", &SweepKeys::trial_timeout, config::between(0, config::most_seconds),
              "seconds that a launch gives to one trial, which then saves and ends as timed_out; 0 = no limit",
              config::Effect::none},
        Field{
            "walltime_margin", &SweepKeys::walltime_margin, config::above(0, config::most_seconds),
            "seconds before the job's end at which running trials are told to save; none starts in as many before that",
            config::Effect::none},
    };
  }
};

/// section.key -> value, in the file's order of keys (TOML tables have none: sorted).
using Settings = std::vector<std::pair<std::string, config::Given>>;

/// One axis: keys that move together, all with equally many values.
struct Axis {
  struct Key {
    std::string key;
    std::vector<config::Given> values;
  };
  std::vector<Key> keys;
  [[nodiscard]] std::size_t size() const { return keys.front().values.size(); }
};

/// [[sweep.exclude]]: a cell is left out when each key has one of its values.
struct Exclude {
  struct Key {
    std::string key;
    std::vector<config::Given> values;
  };
  std::vector<Key> keys;
  std::string origin;
};

/// The one key of [sweep] that an axis may move beside the trial's own, so that large cells get more ranks. It changes
/// no result and is no column of the plan.
inline constexpr std::string_view ranks_key = "sweep.ranks_per_trial";
/// Its value as a setting of a cell gives it.
std::int64_t ranks_of(config::Given const& value);

struct SweepFile {
  SweepKeys keys;
  Settings baseline;  ///< the cell that the others are compared with
  std::vector<Axis> axes;
  std::vector<Exclude> excludes;
  std::vector<Settings> includes;  ///< further cells beside the product
  config::Trial base;
};

/// Reads a sweep, or a plain configuration (a sweep of one trial). `set` holds `section.key=value` that override the
/// file, [sweep]'s plain keys among them.
/// Errors: errors::usage with file and line: not TOML, unknown key (with the nearest name), wrong type, values out of
/// range, empty axis, lengths that differ within an axis, a key in two axes, a key that cannot be an axis.
SweepFile read_sweep_file(std::filesystem::path const& file, std::vector<std::string> const& set = {});
/// The same from text; `origin` stands for the file's name in messages.
SweepFile parse_sweep(std::string const& text, std::string const& origin, std::vector<std::string> const& set = {});

/// What a sweep file calls itself; "" where it does not say. Errors: as above, where it is not TOML.
std::string sweep_name(std::filesystem::path const& file);

/// The whole sweep with every default, as DIR/sweep.toml; reading it gives the same trials.
std::string to_toml(SweepFile const& sweep);

/// As plan.csv and messages show a value: TOML, but text without its quotes.
std::string shown(config::Given const& value);

}  // namespace mambasynth::sweep
