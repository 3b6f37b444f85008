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

/// Every key of a trial's configuration with its default, bounds and help, a file a section: the one place for each
/// number.
namespace mambasynth::config {

/// The keys that describe a stored series: those that its file was generated from, but the test series' keys and the
/// path as configured.
Data with_keys_of_file(Data const& of_file, Data const& configured);
/// Keys of [data] beside an existing series (data.path) of so many channels must not ask for what it cannot hold,
/// although its own keys count: who gave them means another series. Throws errors::usage.
void check_against_file(Data const& configured, std::int64_t channels);

/// The test series must be another than the series itself, path and test path by different seeds, and have one: behind
/// the largest seed there is no next. Throws errors::usage.
void check_test_series(Data const& keys);

/// Relations between the keys of a series that is to be generated, and of its test series where they name one.
/// Throws errors::usage.
void check_generated(Data const& keys);

/// One trial, whole.
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

/// Relations between keys, before anything is allocated; throws errors::usage. Shared by every verb that trains.
void check(Trial const& trial);

}  // namespace mambasynth::config
