#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "generate/generate.hpp"
#include "provenance/run.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::generate {

struct GenerationSource {
  std::string checkpoint, data;
  provenance::Facts facts;
  double sampling_rate = 0;   ///< Hz, for axes in seconds; 0: in steps
  bool standardized = false;  ///< the errors are in units of the channels' standard deviations
};

/// generation.h5: /generated and /truth (sample, time, channel), /seed_start and /mse (sample), /seed (sample,
/// seed_time, channel); the settings as attributes of the root, the origin as attributes of /provenance. `calm`, if
/// given: the same samples without bursts, /generated_without_bursts. `more` adds further content.
void write_generation(std::filesystem::path const& file, Generation const& generation, config::Generate const& config,
                      GenerationSource const& source, Generation const* calm = nullptr,
                      std::function<void(store::Hdf5Writer&)> const& more = {});

}  // namespace mambasynth::generate
