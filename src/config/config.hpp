#pragma once

#include <cstdint>

#include "config/data.hpp"
#include "config/dimension.hpp"
#include "config/evaluate.hpp"
#include "config/gates.hpp"
#include "config/generate.hpp"
#include "config/model.hpp"
#include "config/oracle.hpp"
#include "config/train.hpp"

/// Every key of a trial's configuration with its default, bounds and help, one file per section; each number is defined
/// only here.
namespace mambasynth::config {

/// The keys that describe a stored series: those that its file was generated from, except for the path and the keys of
/// the test series and of recordings, which are as configured.
Data with_keys_of_file(Data const& of_file, Data const& configured);
/// Refuses keys of [data] that contradict an existing series (data.path) with this number of channels. The series' own
/// keys apply, but such a key means that the user expects another series. Throws errors::usage.
void check_against_file(Data const& configured, std::int64_t channels);

/// Refuses keys of recordings (other than data.sampling_rate) for a generated series, which they would not change.
/// Throws errors::usage.
void check_no_recording(Data const& keys);

/// The test series must differ from the series itself, so its path needs a different seed; the largest seed has no
/// successor to use by default. Throws errors::usage.
void check_test_series(Data const& keys);

/// Checks the relations between the keys of a series to be generated, and of its test series if they name one.
/// Throws errors::usage.
void check_generated(Data const& keys);

/// The complete configuration of a trial.
struct Trial {
  Data data;
  Model model;
  Train train;
  Evaluate evaluate;
  Generate generate;
  Gates gates;
  Oracle oracle;
  Dimension dimension;
};

/// Checks the relations between keys before anything is allocated; used by every verb that trains. Throws
/// errors::usage.
void check(Trial const& trial);

}  // namespace mambasynth::config
