#pragma once

#include <string>

#include "config/config.hpp"

/// A trial's ID is a hash of everything that determines its results, so equal trials have equal IDs across sweeps,
/// machines and rank counts.
namespace mambasynth::sweep {

/// Lines `section.key=value\n`, sorted bytewise: every key that changes results, defaults included (keys added later,
/// Effect::result_unless_default, only if not at their default), floats as std::to_chars writes them. For a foreign
/// series (data.path), one line `data.sha256=...` replaces all [data] keys but those of recordings
/// (data.standardise, data.test_fraction), which have a line only if not at their default. `train.precision` must be
/// resolved (not "auto"); `data_sha256` is empty for generated data.
std::string canonical_text(config::Trial const& trial, std::string const& data_sha256 = {});
/// The first 12 hexadecimal digits of the SHA-256 of the canonical text.
std::string trial_id(config::Trial const& trial, std::string const& data_sha256 = {});
/// The same over the [data] lines only; names DIR/data/HASH.
std::string data_hash(config::Trial const& trial, std::string const& data_sha256 = {});

}  // namespace mambasynth::sweep
