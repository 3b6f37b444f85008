#pragma once

#include <map>
#include <string>

namespace mambasynth::analysis::collate {

/// The axis of trials that belong to no sweep: the folder's own.
inline constexpr char const* trial_axis = "trial";

/// A value of a key by what it is and as it was written.
struct Value {
  std::string canonical;  ///< equal for equal values: 1, 1.0 and 1e0 of a number
  std::string written;
};

/// `section.key` -> value, as trial.h5 and sweep.toml hold a configuration. Keys that another implies (path seed and
/// length of the test series) stand there only where they are not at what it implies.
using Configuration = std::map<std::string, Value>;

/// The canonical text of a value: by the key's type where the key is known, else as a number where it is one. The names
/// of trials (key `trial`) are text, whatever they look like.
std::string canonical_of(std::string const& key, std::string const& written);

/// From resolved TOML, one key a line; [sweep] and its tables are passed over. A key that is absent was not there yet
/// when the file was written, and what it does by default was done.
Configuration read_configuration(std::string const& toml);

/// The key's value, or its default; empty for a key that has none.
Value value_of(Configuration const& configuration, std::string const& key);

/// Whether trials that differ in the key are different experiments: false for paths, timeouts and what else changes no
/// measure, and for train.seed.
bool tells_apart(std::string const& key);

}  // namespace mambasynth::analysis::collate
