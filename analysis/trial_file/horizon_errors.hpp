#pragma once

#include <cstdint>
#include <vector>

#include "analysis/trial_file/test_blocks.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {

/// (horizon); an empty column is absent from the file.
struct HorizonErrors {
  std::vector<std::int64_t> horizon;
  std::vector<double> val_mse, test_mse, bayes_mse, excess_mse, val_bayes_mse;
  std::vector<double> test_mse_se = {}, bayes_mse_se = {}, excess_mse_se = {};  ///< over test_blocks, of this network
  TestBlocks test_blocks = {};
  std::vector<double> excess_mse_by_block = {};  ///< (horizon, block)
};

/// Writes the group /horizon; nothing without horizons.
void write_horizons(store::Hdf5Writer& h5, HorizonErrors const& horizon);

/// Writes the group /standardisation, (channel); nothing if they are empty.
void write_scaling(store::Hdf5Writer& h5, std::vector<double> const& mean, std::vector<double> const& std);

}  // namespace mambasynth::analysis::trial_file
