#pragma once

#include <cstdint>
#include <string>

#include "store/hdf5.hpp"

namespace mambasynth::series {

/// A scale of `count` consecutive steps from `first` (int64, units "step"); with a sampling rate in Hz above 0, their
/// times in seconds (double, units "s"). `long_name`: "{} after the seed", of which {} becomes "steps" or "time".
void time_scale(store::Hdf5Writer& h5, std::string const& path, std::int64_t first, std::int64_t count,
                double sampling_rate, std::string const& long_name);

}  // namespace mambasynth::series
