#pragma once

#include <string>

#include "config/config.hpp"

/// A trial's name follows from what determines its numbers, so that equal trials of different
/// sweeps, machines and rank counts have equal names.
namespace mambasynth::sweep {

/// Lines `section.key=value\n`, sorted bytewise: every result-changing key, defaults included (of keys that came later,
/// Effect::result_unless_default, other values alone), floats as std::to_chars writes them. A foreign series
/// (data.path) stands as one line `data.sha256=...` for all [data] keys. `train.precision` must be resolved (not
/// "auto"); `data_sha256` is empty for generated data.
std::string canonical_text(config::Trial const& trial, std::string const& data_sha256 = {});
/// The first 12 hexadecimal digits of the SHA-256 of the canonical text.
std::string trial_id(config::Trial const& trial, std::string const& data_sha256 = {});
/// The same over the [data] lines alone: names DIR/data/HASH.
std::string data_hash(config::Trial const& trial, std::string const& data_sha256 = {});

}  // namespace mambasynth::sweep
