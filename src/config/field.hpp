#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mambasynth::config {

/// The types a key can have. An optional key without a value is "as another key says" (its help names which).
using Integers = std::vector<std::int64_t>;

/// Of anything that is counted: steps, rows, windows, epochs. The product of two of them fits an integer of 64 bits,
/// and no machine of today counts so far.
inline constexpr double most_count = 1e9;
/// Of steps of a series, which is written as it is generated.
inline constexpr double most_steps = 1e12;
/// Of the width of anything in a network or series.
inline constexpr double most_width = 1e6;
/// Of a factor, weight or amplitude: single precision holds it. What overflows on the way ends as a diverged trial.
inline constexpr double most_factor = 1e38;
/// Of seconds: 30 years.
inline constexpr double most_seconds = 1e9;

/// What a value must satisfy, in a form that --help and the messages print too.
struct Allowed {
  double least = -1e308;
  double most = 1e308;
  bool least_excluded = false;
  double smallest =
      1e-30;  ///< magnitude of a value that is not 0; single precision, which networks compute in, takes less for 0
  std::vector<std::string_view> words = {};  ///< for text: one of these, when not empty
};
inline Allowed any() { return {}; }
inline Allowed above(double least, double most) { return {.least = least, .most = most, .least_excluded = true}; }
inline Allowed between(double least, double most) { return {.least = least, .most = most}; }
/// Initial weights, batch order and noise take a seed of 32 bits (MT19937): a longer one would be another name for the
/// same numbers.
inline constexpr std::int64_t largest_seed = 4294967295;
inline Allowed seeds() { return between(0, static_cast<double>(largest_seed)); }
/// Of the series, by NumPy's default_rng, which takes integers of any size; readers of JSON tell them apart up to 2^53.
inline constexpr std::int64_t largest_data_seed = 9007199254740991;
inline Allowed data_seeds() { return between(0, static_cast<double>(largest_data_seed)); }
inline Allowed one_of(std::vector<std::string_view> words) { return {.words = std::move(words)}; }

/// Whether a change of the key changes a trial's numbers, hence its identity. `measurement` is for keys that change
/// what is measured on the trained network: out of the identity, but trials that differ in one are not to be averaged.
/// `result_unless_default` is for keys that came when trials had names already: such a key stands in the canonical text
/// only where its value is not its default. At the default a trial computes what it did before there was the key, so it
/// keeps its name and its results, and folders of sweeps are continued. The price: such a default is for ever, because
/// another one would be silent under the names of the first.
enum class Effect { result, result_unless_default, measurement, none };

/// One key of a section: its name in TOML (and, in kebab-case, its flag), where it lives, what it may be.
template <class Section, class T>
struct Field {
  std::string_view key;
  T Section::* member;
  Allowed allowed;
  std::string_view help;
  Effect effect = Effect::result;
};
template <class Section, class T>
Field(std::string_view, T Section::*, Allowed, std::string_view) -> Field<Section, T>;
template <class Section, class T>
Field(std::string_view, T Section::*, Allowed, std::string_view, Effect) -> Field<Section, T>;

}  // namespace mambasynth::config
