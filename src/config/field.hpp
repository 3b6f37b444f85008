#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mambasynth::config {

/// The type of a key that holds a list. An optional key without a value follows another key, named in its help.
using Integers = std::vector<std::int64_t>;

/// Limit for counts: steps, rows, windows, epochs. The product of two of them fits a 64-bit integer, and no current
/// machine gets that far.
inline constexpr double most_count = 1e9;
/// Limit for the steps of a series, which is written to disk while it is generated.
inline constexpr double most_steps = 1e12;
/// Limit for the widths of networks and series.
inline constexpr double most_width = 1e6;
/// Limit for factors, weights and amplitudes: fits single precision. An overflow later on ends the trial as diverged.
inline constexpr double most_factor = 1e38;
/// Limit for durations in seconds: 30 years.
inline constexpr double most_seconds = 1e9;

/// What a value must satisfy, in a form that --help and messages can print.
struct Allowed {
  double least = -1e308;
  double most = 1e308;
  bool least_excluded = false;
  double smallest = 1e-30;  ///< smallest magnitude other than 0; in the networks' single precision, less would be 0
  std::vector<std::string_view> words = {};  ///< for text: one of these, if not empty
};
inline Allowed any() { return {}; }
inline Allowed above(double least, double most) { return {.least = least, .most = most, .least_excluded = true}; }
inline Allowed between(double least, double most) { return {.least = least, .most = most}; }
/// Initial weights, batch order and noise use a 32-bit seed (MT19937); a longer one would only duplicate a shorter one.
inline constexpr std::int64_t largest_seed = 4294967295;
inline Allowed seeds() { return between(0, static_cast<double>(largest_seed)); }
/// Seeds of the series go to NumPy's default_rng, which accepts integers of any size; JSON readers distinguish them up
/// to 2^53.
inline constexpr std::int64_t largest_data_seed = 9007199254740991;
inline Allowed data_seeds() { return between(0, static_cast<double>(largest_data_seed)); }
inline Allowed one_of(std::vector<std::string_view> words) { return {.words = std::move(words)}; }

/// Whether the key changes a trial's results and hence its ID. `measurement`: changes what is measured on the trained
/// network; not part of the ID, but trials that differ in such a key must not be averaged. `result_unless_default`: for
/// keys added after trials had IDs; such a key is part of the canonical text only if it is not at its default. At the
/// default a trial computes the same as before the key existed, so it keeps its ID and results, and existing sweep
/// folders can be continued. The price: such a default can never change, because trials with the old and the new
/// default would have the same ID.
enum class Effect { result, result_unless_default, measurement, none };

/// Where --help lists a key; --help-all lists every key. `common`: in every verb that has the key's section. `own`:
/// only in the verb named like the section, as [data] in `mambasynth data`; [model] belongs to `train`.
enum class Listing { none, own, common };

/// One key of a section: its name in TOML (and, in kebab-case, its flag), its member, its allowed values and its help.
template <class Section, class T>
struct Field {
  std::string_view key;
  T Section::* member;
  Allowed allowed;
  std::string_view help;
  Effect effect = Effect::result;
  Listing listing = Listing::none;

  /// The same key in --help of its own verb, or of every verb that has its section.
  [[nodiscard]] Field own() const { return listed(Listing::own); }
  [[nodiscard]] Field common() const { return listed(Listing::common); }

 private:
  [[nodiscard]] Field listed(Listing where) const {
    auto field = *this;
    field.listing = where;
    return field;
  }
};
template <class Section, class T>
Field(std::string_view, T Section::*, Allowed, std::string_view) -> Field<Section, T>;
template <class Section, class T>
Field(std::string_view, T Section::*, Allowed, std::string_view, Effect) -> Field<Section, T>;

}  // namespace mambasynth::config
