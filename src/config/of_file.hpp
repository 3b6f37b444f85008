#pragma once

#include <cstdint>

#include "config/data.hpp"

namespace mambasynth::config {

/// Keys of [data] beside an existing series (data.path) of so many channels that ask for what it cannot hold: refused,
/// though its own keys count, because who gave them means another series. Throws errors::usage.
void check_against_file(Data const& configured, std::int64_t channels);

}  // namespace mambasynth::config
