#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace mambasynth::store {
class Hdf5Reader;
}

/// Errors due to the test series: it is one path of many and its windows are correlated, so stretches of it are
/// compared. Trials of a sweep that differ only in their seed share the test series, so their spread does not include
/// this error.
namespace mambasynth::analysis::trial_file {

/// Blocks of consecutive windows, as equal in size as possible.
struct TestBlocks {
  std::vector<std::int64_t> first;    ///< (block) first step of its first window
  std::vector<std::int64_t> windows;  ///< (block) how many it has

  static constexpr std::int64_t least_steps = 1024;  ///< several visits long
};

/// Blocks of whole windows, each at least least_steps long; a single block if there are too few windows. `starts`:
/// ascending first steps of windows of `length` steps that do not overlap.
TestBlocks test_blocks(std::span<std::int64_t const> starts, std::int64_t length);

/// (horizon, block): means of `by_window` (window, horizon) over the windows of each block.
std::vector<double> means_by_block(TestBlocks const& blocks, std::vector<std::vector<double>> const& by_window);

/// (horizon): standard error of the mean over all windows, from `values` (horizon, block), weighted by the number of
/// windows in each block: sqrt(B / (B - 1) sum_b (w_b (v_b - mean))^2), weights w of sum 1. NaN with fewer than two
/// blocks.
std::vector<double> errors_over_blocks(TestBlocks const& blocks, std::span<double const> values);

/// /horizon/excess_mse_by_block of a trial.h5.
struct ExcessByBlock {
  std::vector<std::int64_t> horizon;
  TestBlocks blocks;
  std::vector<double> excess;  ///< (horizon, block)
};
/// Empty if the trial has none: its optimum is unknown, or an older version wrote it. Errors: errors::input, as in
/// read_trial.
ExcessByBlock read_excess_by_block(std::filesystem::path const& file);
ExcessByBlock read_excess_by_block(store::Hdf5Reader const& h5, std::filesystem::path const& file);

}  // namespace mambasynth::analysis::trial_file
