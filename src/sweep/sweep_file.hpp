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

/// The contents of a sweep file: axes, seeds and the configuration shared by all trials.
namespace mambasynth::sweep {

/// The scalar keys of [sweep].
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
  static constexpr std::string_view title = "sweep";
  static auto fields() {
    using config::Field;
    return std::tuple{
        Field{"name", &SweepKeys::name, config::any(), "name of the sweep [default: the file's, or the axes]",
              config::Effect::none}
            .own(),
        Field{"seeds", &SweepKeys::seeds, config::seeds(),
              "seeds of each cell, as train.seed: 42,43 or 42:47 (42 to 47, both included) [default: train.seed]",
              config::Effect::none}
            .own(),
        Field{"ranks_per_trial", &SweepKeys::ranks_per_trial, config::between(1, config::most_width),
              "ranks that train one trial together", config::Effect::none},
        Field{"trials_per_gpu", &SweepKeys::trials_per_gpu, config::between(1, 1000),
              "trials that share a GPU, divided among the ranks that use it", config::Effect::none},
        Field{"retries", &SweepKeys::retries, config::between(0, 1000),
              "how often one launch retries a failed trial, on another rank if possible", config::Effect::none},
        Field{"rank_timeout", &SweepKeys::rank_timeout, config::above(0, config::most_seconds),
              "seconds without a message after which a rank counts as lost and another takes over its trial",
              config::Effect::none},
        Field{"trial_timeout", &SweepKeys::trial_timeout, config::between(0, config::most_seconds),
              "seconds that one trial may take per launch; it then saves and ends as timed_out; 0 = no limit",
              config::Effect::none},
        Field{"walltime_margin", &SweepKeys::walltime_margin, config::above(0, config::most_seconds),
              "seconds before the job's end at which running trials save; no trial starts within twice that time",
              config::Effect::none},
    };
  }
};

/// section.key -> value, sorted by key, since TOML tables have no order.
using Settings = std::vector<std::pair<std::string, config::Given>>;

/// One axis: keys that vary together, all with the same number of values.
struct Axis {
  struct Key {
    std::string key;
    std::vector<config::Given> values;
  };
  std::vector<Key> keys;
  [[nodiscard]] std::size_t size() const { return keys.front().values.size(); }
};

/// [[sweep.exclude]]: excludes a cell if each key has one of its values.
struct Exclude {
  struct Key {
    std::string key;
    std::vector<config::Given> values;
  };
  std::vector<Key> keys;
  std::string origin;
};

/// The only key of [sweep] that an axis may vary in addition to the trial's own keys, so that large cells get more
/// ranks. It does not change results and is not a column of the plan.
inline constexpr std::string_view ranks_key = "sweep.ranks_per_trial";
/// Its value from a cell's setting.
std::int64_t ranks_of(config::Given const& value);

struct SweepFile {
  SweepKeys keys;
  Settings baseline;  ///< the cell to which the others are compared
  std::vector<Axis> axes;
  std::vector<Exclude> excludes;
  std::vector<Settings> includes;  ///< cells in addition to the product
  config::Trial base;
};

/// A sweep as the command line asks for it.
struct SweepRequest {
  std::filesystem::path file = {};         ///< a sweep, or a plain configuration; empty: the command line says it all
  std::vector<std::string> set = {};       ///< section.key=value, overriding the file; later ones win
  std::vector<std::string> axes = {};      ///< section.key=VALUE,...: replaces the file's axis of that key, or adds one
  std::vector<std::string> baseline = {};  ///< section.key=value: replaces the file's value of that key, or adds one

  /// Whether it names anything to run. Without, it is a sweep of one trial with every default.
  [[nodiscard]] bool is_empty() const { return file.empty() && set.empty() && axes.empty() && baseline.empty(); }
};

/// The sweep of a request. Without a file, its name is made of the keys of its axes. Errors: those of read_sweep_file;
/// errors::usage for an axis or baseline that cannot be read, for an axis given twice, and for a baseline that no cell
/// has.
SweepFile resolve(SweepRequest const& request);

/// Reads a sweep, or a plain configuration (a sweep of one trial). `set` holds assignments `section.key=value` that
/// override the file, including the scalar keys of [sweep].
/// Errors: errors::usage with file and line: not TOML, unknown key (with the nearest name), wrong type, value out of
/// range, empty axis, different lengths within an axis, a key in two axes, a key that cannot be an axis.
SweepFile read_sweep_file(std::filesystem::path const& file, std::vector<std::string> const& set = {});
/// The same from text; messages show `origin` instead of a file name.
SweepFile parse_sweep(std::string const& text, std::string const& origin, std::vector<std::string> const& set = {});

/// The name set in a sweep file; "" if none. Errors: as above, if it is not TOML.
std::string sweep_name(std::filesystem::path const& file);

/// The whole sweep including every default, for DIR/sweep.toml; reading it gives the same trials.
std::string to_toml(SweepFile const& sweep);

/// A value as shown in plan.csv and messages: TOML, but strings without quotes.
std::string shown(config::Given const& value);

}  // namespace mambasynth::sweep
