#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/adamw.hpp"
#include "kernels/bfloat16.hpp"
#include "kernels/cuda/stream.hpp"

/// Flat fp32 parameters on the device and the copies that the GEMMs take.
namespace mambasynth::kernels::cuda {

/// One matrix of the flat array: (rows, columns) at `source`, written to (rows, padded_columns) at `target` with zeros
/// behind; padded_rows - rows zero rows follow.
struct Segment {
  std::int64_t source, target;
  std::int64_t rows, columns, padded_rows, padded_columns;
};
/// `segments` on the device; `count` of them, none larger than `largest` padded elements.
template <class T>
void pack(Segment const* segments, std::int64_t count, std::int64_t largest, float const* flat, T* packed, Stream);
/// The way back for gradients of padded matrices: flat[source ...] = packed[target ...] without the padding.
void unpack(Segment const* segments, std::int64_t count, std::int64_t largest, float const* packed, float* flat,
            Stream);

/// As many parts as the network has layers: `count` floats each, `stride` apart in the flat array, in a row in the
/// other.
struct PartShape {
  std::int64_t parts, count, stride;
};
/// A = -exp(A_log): flat to in a row; and dA_log = dA A in place of dA: `values` flat, `factor` in a row.
void negative_exp(PartShape const&, float const* A_log, float* A, Stream);
void scale_by(PartShape const&, float const* factor, float* values, Stream);

/// A batch's loss and the gradient's norm as the host reads them at the end of an epoch.
struct StepRecord {
  double loss;
  double gradient_norm;  ///< before clipping
};

/// One optimiser step: gradient norm over all parameters (fixed order of sums), clipping to `clip_norm`, AdamW of
/// kernels/adamw.hpp in two groups, state->step and state->batch advanced, records[state->batch] written.
/// The loss is the mean over horizons of window_sums: loss = sum_h weight[h] sum_b window_sums[h, b].
/// If the loss or the norm is no number, or state->halted is set, no parameter, moment or step changes and halted is
/// set.
struct OptimizerShape {
  std::int64_t size;   ///< parameters
  std::int64_t batch;  ///< windows
  std::int64_t horizons;
  std::int64_t gate_ranges;
};
struct OptimizerArrays {
  float* gradient;  ///< not changed
  float *parameters, *first_moment, *second_moment;
  std::int64_t const* gate_range;  ///< (gate_ranges, 2): begin and end of each part of the gates' group, ascending
  double const* window_sums;       ///< (horizon, batch)
  double const* loss_weight;       ///< (horizon)
  StepRecord* records;
  StepState* state;
};
std::size_t optimizer_workspace_bytes(OptimizerShape const&);
void optimizer_step(OptimizerShape const&, AdamW const& settings, double clip_norm, OptimizerArrays const&,
                    std::byte* workspace, Stream);

}  // namespace mambasynth::kernels::cuda
