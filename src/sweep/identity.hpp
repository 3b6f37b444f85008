#pragma once

#include <cstdint>
#include <string>

#include "config/config.hpp"

/// A trial's ID is a hash of everything that determines its results, so equal trials have equal IDs across sweeps,
/// machines and rank counts.
namespace mambasynth::sweep {

/// What identifies a series that was not generated from [data] keys.
struct ForeignSeries {
  std::string sha256;       ///< of its float32 X, 64 hexadecimal digits; empty for generated data
  std::int64_t trials = 1;  ///< of a recording, all equally long
};

/// Lines `section.key=value\n`, sorted bytewise: every key that changes results, defaults included (keys added later,
/// Effect::result_unless_default, only if not at their default), floats as std::to_chars writes them. For a foreign
/// series (data.path), one line `data.sha256=...` replaces all [data] keys but those of recordings
/// (data.standardise, data.test_fraction), which have a line only if not at their default, and `data.trials=...` if it
/// is a recording of several trials: the same values without borders between trials train another network.
/// `train.precision` must be resolved (not "auto").
std::string canonical_text(config::Trial const& trial, ForeignSeries const& data = {});
/// The first 12 hexadecimal digits of the SHA-256 of the canonical text.
std::string trial_id(config::Trial const& trial, ForeignSeries const& data = {});
/// The same over the [data] lines only; names DIR/data/HASH.
std::string data_hash(config::Trial const& trial, ForeignSeries const& data = {});

}  // namespace mambasynth::sweep
