#pragma once

#include "dynamics/analyze.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::dynamics {

/// Adds to a file with the scales /sample and /time: the scales /condition, /circle_id, /next_circle, /failure,
/// /dwell_bin, /visit and, with bursts, /since_burst, and the group /dynamics. (condition, sample, time): circle (-1:
/// none), phase, distance, distance_decoded, circle_probability, prediction_error. (condition, sample): switches,
/// first_failure; (condition, sample, failure): failure_time. (condition): switch_rate, off_share, occupancy_distance,
/// dwells, dwell_mean, dwell_std, allowed_share, transition_distance, transition_divergence, distance_rms,
/// distance_limit, prediction_mse, oracle_agreement, lasting, time_to_failure; errors as <name>_se. (condition,
/// circle_id): occupancy; (condition, circle_id, next_circle): transitions; (condition, failure): failed; (condition,
/// dwell_bin): dwell_count; (condition, since_burst): switches_since_burst. /dynamics/visits/{condition_number,
/// sample_number, circle, first, steps, complete} (visit). /dynamics/process: what the process itself would show.
/// /dynamics/bursts: scalars that compare generation with and without bursts.
void write_dynamics(store::Hdf5Writer& h5, Analysis const& analysis);

}  // namespace mambasynth::dynamics
