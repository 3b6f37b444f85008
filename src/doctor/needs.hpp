#pragma once

namespace mambasynth::doctor {

/// Host memory that a rank takes for a trial of the default model: the largest resident set of `mambasynth train`. On a
/// CPU, 0.3 GB for the program and the series, and 53 MB for each window of a batch (52 MB in a later measurement: 0.90
/// GB with 8 windows, 1.16 GB with 13). With a GPU the windows are in its memory; the host needs room for CUDA's
/// libraries and the series.
inline constexpr double cpu_rank_mb = 300 + 128 * 53, gpu_rank_mb = 4000;

}  // namespace mambasynth::doctor
