#pragma once

#include <filesystem>

#include "config/config.hpp"
#include "dimension/measure.hpp"
#include "provenance/run.hpp"

namespace mambasynth::dimension {

/// Writes dimension.h5, completely or not at all.
void write_dimension(std::filesystem::path const& file, Measured const& measured, config::Dimension const& config,
                     provenance::Facts const& facts);

}  // namespace mambasynth::dimension
