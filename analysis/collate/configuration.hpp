#pragma once

#include <map>
#include <memory>
#include <string>

namespace mambasynth::analysis::collate {

/// The axis of trials that belong to no sweep: the name of the folder.
inline constexpr char const* trial_axis = "trial";

/// "gate_lr_factor" of train.gate_lr_factor: what follows the last dot.
inline std::string short_key(std::string const& key) { return key.substr(key.rfind('.') + 1); }

/// The value of a key, in canonical form and as written.
struct Value {
  std::string canonical;  ///< equal for equal values: 1, 1.0 and 1e0 of a number
  std::string written;
};

/// `section.key` -> value, as trial.h5 and sweep.toml hold a configuration. Keys that another key implies (path seed
/// and length of the test series) are present only if they differ from what it implies.
using Configuration = std::map<std::string, Value>;

/// The canonical text of a value: by the type of the key if the key is known, otherwise as a number if it looks like
/// one. The names of trials (key `trial`) are always text.
std::string canonical_of(std::string const& key, std::string const& written);

/// From resolved TOML, one key per line; [sweep] and its tables are skipped. A key that is absent did not exist when
/// the file was written, so its default applied.
Configuration read_configuration(std::string const& toml);

/// The same without train.seed, and one object for all trials that differ in nothing else: a sweep of thousands of
/// trials has a few configurations.
struct SharedConfiguration {
  std::shared_ptr<Configuration const> configuration;
  std::string seed;  ///< train.seed as written; empty if it is not there
};
SharedConfiguration shared_configuration(std::string const& toml);

/// The key's value, or its default; empty for a key that has none.
Value value_of(Configuration const& configuration, std::string const& key);

/// Whether trials that differ in the key are different experiments: false for paths, timeouts, everything else that
/// changes no measure, and train.seed.
bool tells_apart(std::string const& key);

}  // namespace mambasynth::analysis::collate
