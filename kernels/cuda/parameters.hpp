#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.hpp"
#include "kernels/cuda/stream.hpp"

/// Flat fp32 parameters on the device, and the copies of them that matrix products and the scan read.
namespace mambasynth::kernels::cuda {

/// One matrix of the flat array: (rows, columns) at `source`, written to (padded_rows, padded_columns) at `target` with
/// zeros in the padding.
struct Segment {
  std::int64_t source, target;
  std::int64_t rows, columns, padded_rows, padded_columns;
};
/// `segments` on the device; `count` of them, none larger than `largest` padded elements.
template <class T>
void pack(Segment const* segments, std::int64_t count, std::int64_t largest, float const* flat, T* packed, Stream);
/// The reverse, for gradients of padded matrices: flat[source ...] = packed[target ...] without the padding.
void unpack(Segment const* segments, std::int64_t count, std::int64_t largest, float const* packed, float* flat,
            Stream);

/// An array for each of `batches` layers: `count` floats, `stride` apart in the flat array, contiguous in the other
/// one.
struct StridedBatch {
  std::int64_t batches, count, stride;
};
/// A = -exp(A_log), from the flat array to a contiguous one.
void negative_exp(StridedBatch const&, float const* A_log, float* A, Stream);
/// dA_log = dA A in place of dA: `values` in the flat array, `factor` contiguous.
void scale_by(StridedBatch const&, float const* factor, float* values, Stream);

}  // namespace mambasynth::kernels::cuda
