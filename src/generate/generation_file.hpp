#pragma once

#include <filesystem>
#include <string>

#include "generate/generate.hpp"
#include "provenance/run.hpp"

namespace mambasynth::generate {

struct GenerationSource {
  std::string checkpoint, data;
  provenance::Facts facts;
};

/// generation.h5: /generated and /truth (sample, time, channel), /seed_start and /mse (sample), /seed (sample, seed_time,
/// channel); the settings as attributes of the root, where it comes from as attributes of /provenance.
void write_generation(std::filesystem::path const& file, Generation const& generation, config::Generate const& config,
                      GenerationSource const& source);

}  // namespace mambasynth::generate
