#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.hpp"
#include "kernels/cuda/stream.hpp"

// h[d,n] = exp(delta[t,d] A[d,n]) h[d,n] + delta[t,d] B[t,n] x[t,d];   y[t,d] = sum_n C[t,n] h[d,n] + D[d] x[t,d]
// out[t,d] = y[t,d] silu(z[t,d]);   delta = softplus(delta_raw + delta_bias[d]) (linear above 20);   h starts at 0
// Gu & Dao 2023 (arXiv:2312.00752), eq. 2a-2b with the zero-order hold of A, plus the D skip and the gate.
// Reference: selective_scan_reference.cpp (with the derivatives). CPU: selective_scan_cpu.cpp (threads),
// selective_scan_lanes.cpp (vectors). GPU: cuda/selective_scan/. Tests:
// tests/kernels/selective_scan_test.cpp, tests/kernels/cuda/selective_scan_test.cpp, and selective_scan_golden_test.cpp
// next to each. Callers: src/model/mixer.cpp, src/gpu/engine_forward.cpp, src/gpu/engine_backward.cpp; benchmarks:
// src/bench.
namespace mambasynth::kernels {

struct ScanShape {
  std::int64_t batch, time, channels, states;
};

/// Steps between two saved states; the backward recomputes the states inside a chunk.
inline constexpr std::int64_t scan_chunk = 64;
constexpr std::int64_t scan_chunks(std::int64_t time) { return (time + scan_chunk - 1) / scan_chunk; }
inline constexpr std::int64_t scan_max_states = 256;
/// Errors of every function below: std::invalid_argument for a negative size, or states outside 1 .. scan_max_states.
void check_scan(ScanShape const&);

/// x, delta, z: (batch, time, channel); B, C: (batch, time, state). The last axis is contiguous; a `_stride` is the
/// distance in elements from one time step to the next (a sequence follows the last step of the one before), so that
/// slices of a GEMM's output are used in place. A: (channel, state), negative; D, delta_bias: (channel).
/// On the CPU, z, D and delta_bias may be nullptr: no gate, no skip, no bias; their gradients are then not written.
/// Without softplus, delta = delta_raw + delta_bias.
template <class T>
struct ScanInputs {
  T const *x, *delta, *z, *B, *C;
  std::int64_t x_stride, delta_stride, z_stride, B_stride, C_stride;
  Parameter<T> const *A, *D, *delta_bias;
  bool softplus = true;
};

/// out: (batch, time, channel) contiguous. checkpoints: (batch, chunk, channel, state), the state before each chunk's
/// first step, or nullptr (evaluation). last_state: (batch, channel, state), or nullptr.
template <class T>
struct ScanOutputs {
  T* out;
  T* checkpoints;
  T* last_state;
};

/// dout: (batch, time, channel) contiguous. dx, ddelta: (batch, time, channel) contiguous; dz, dB, dC may have strides,
/// like their inputs; dA: (channel, state); dD, ddelta_bias: (channel). All are overwritten, not added to.
/// ddelta is the gradient before softplus and bias.
template <class T>
struct ScanGradients {
  T const* dout;
  T *dx, *ddelta, *dz, *dB, *dC;
  std::int64_t dz_stride, dB_stride, dC_stride;
  Parameter<T>*dA, *dD, *ddelta_bias;
};

/// Vectorized for the instruction set found at run time, parallel over batch and channels with OpenMP. Bit-identical
/// for any number of threads (partial sums have a fixed order). T: float, double.
template <class T>
void selective_scan_forward(ScanShape const&, ScanInputs<T> const&, ScanOutputs<T> const&);
/// `checkpoints` as the forward wrote them. Memory beyond its arguments: O(scan_chunk) states per thread, and about
/// four arrays of (batch, channel, state) for the sums; nothing grows with time.
template <class T>
void selective_scan_backward(ScanShape const&, ScanInputs<T> const&, T const* checkpoints, ScanGradients<T> const&);

/// The equations as plain loops, one thread, every state kept: the reference for tests. T: float, double.
namespace reference {
template <class T>
void selective_scan_forward(ScanShape const&, ScanInputs<T> const&, ScanOutputs<T> const&);
template <class T>
void selective_scan_backward(ScanShape const&, ScanInputs<T> const&, T const* checkpoints, ScanGradients<T> const&);
}  // namespace reference

/// One GPU (kernels/cuda/). T: float (fp32 throughout) or BFloat16 (x, delta, z, B, C, out and their gradients in bf16,
/// the state and every sum over time in fp32). States: 4, 8, 16, 32, 64, 128; any number of steps. Bit-identical from
/// run to run: no atomics. z, D and delta_bias are needed; without softplus, the generic kernels run.
namespace cuda {
inline constexpr std::int64_t scan_states[] = {4, 8, 16, 32, 64, 128};
/// Bytes of what the forward saves for the backward, and of their scratch memory: enough for this batch and any
/// smaller one.
template <class T>
std::size_t scan_saved_bytes(ScanShape const&);
template <class T>
std::size_t scan_forward_workspace_bytes(ScanShape const&);
template <class T>
std::size_t scan_workspace_bytes(ScanShape const&);
/// saved: scan_saved_bytes, or nullptr (evaluation). last_state: (batch, channel, state) fp32, or nullptr. workspace:
/// scan_forward_workspace_bytes or the backward's, or nullptr: few long sequences are then not split, and take longer.
template <class T>
void selective_scan_forward(ScanShape const&, ScanInputs<T> const&, T* out, std::byte* saved, float* last_state, Stream,
                            std::byte* workspace = nullptr);
/// delta = dt weight^T, in place of ScanInputs::delta. dt: (batch, time, rank), rows as in ScanInputs; weight:
/// (channel, rank).
template <class T>
struct DeltaFactors {
  T const *dt, *weight;
  std::int64_t dt_stride, rank;
};
/// Whether the backward of these arrays can multiply the factors itself, so that delta need not be computed again.
template <class T>
bool scan_backward_takes(DeltaFactors<T> const&, ScanShape const&, ScanInputs<T> const&, ScanGradients<T> const&);
/// workspace: scan_workspace_bytes. out: (batch, time, channel), the forward's output computed again, so that it need
/// not be kept, or nullptr; may be the array dout. factors: nullptr, or what scan_backward_takes.
template <class T>
void selective_scan_backward(ScanShape const&, ScanInputs<T> const&, std::byte const* saved, ScanGradients<T> const&,
                             std::byte* workspace, Stream, T* out = nullptr, DeltaFactors<T> const* factors = nullptr);
}  // namespace cuda

}  // namespace mambasynth::kernels
