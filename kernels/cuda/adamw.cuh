#pragma once

#include "kernels/cuda/block_sum.cuh"
#include "kernels/cuda/step_state.hpp"

// kernels/cuda/adamw.hpp in three launches: the gradient's sum of squares, the coefficients and the record, and the
// update. AdamW in the order of operations and with the roundings of kernels/adamw.hpp.
namespace mambasynth::kernels::cuda::device {

inline constexpr int adamw_threads = 256, gradient_blocks = 264;

/// Device-side layout of cuda::StepRecord and cuda::GroupRange.
struct StepRecord {
  double loss, gradient_norm;
};
struct GroupRange {
  long long first, last, group;
};

struct AdamWSettings {
  double beta1, beta2, eps, weight_decay, clip_norm;
};

struct GroupCoefficients {
  float keep, minus_lr;
  int frozen;
};
/// Written by the second launch for the third.
struct AdamWCoefficients {
  int halted;
  float clip, to_first, keep_second, to_second, eps, correction;
  GroupCoefficients group[parameter_groups];
};

template <int Unused = 0>
__global__ __launch_bounds__(adamw_threads) void gradient_squares(long long size, float const* gradient,
                                                                  double* partial) {
  __shared__ double shared[adamw_threads];
  double sum = 0;
#pragma unroll 4
  for (long long i = static_cast<long long>(blockIdx.x) * adamw_threads + threadIdx.x; i < size;
       i += static_cast<long long>(gradient_blocks) * adamw_threads) {
    double const g = gradient[i];
    sum += g * g;
  }
  sum = block_sum(sum, shared);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

/// One block. Advances the state, which nothing reads afterwards.
template <int Unused = 0>
__global__ __launch_bounds__(adamw_threads) void adamw_coefficients(AdamWSettings settings, double const* partial,
                                                                    long long batch, long long terms,
                                                                    double const* window_sums,
                                                                    double const* loss_weight, StepRecord* records,
                                                                    StepState* state, AdamWCoefficients* to) {
  __shared__ double shared[adamw_threads], powers[2];
  // Two warps compute the powers of the betas while the others wait for the sums.
  double const step = static_cast<double>(state->step + 1);
  if (threadIdx.x == 0) powers[0] = pow(settings.beta1, step);
  if (threadIdx.x == 32) powers[1] = pow(settings.beta2, step);
  double squares = 0, loss = 0;
#pragma unroll
  for (int i = static_cast<int>(threadIdx.x); i < gradient_blocks; i += adamw_threads) squares += partial[i];
#pragma unroll 4
  for (long long i = threadIdx.x; i < terms * batch; i += adamw_threads)
    loss += loss_weight[i / batch] * window_sums[i];
  squares = block_sum(squares, shared);
  loss = block_sum(loss, shared);
  if (threadIdx.x != 0) return;

  double const norm = sqrt(squares);
  records[state->batch] = {loss, norm};
  state->batch += 1;
  if (!isfinite(norm) || !isfinite(loss)) state->halted = 1;
  AdamWCoefficients c{};
  c.halted = state->halted;
  if (!c.halted) {
    state->step += 1;
    double const clip = settings.clip_norm / (norm + 1e-6);
    c.clip = static_cast<float>(clip < 1 ? clip : 1);
    c.to_first = static_cast<float>(1 - settings.beta1);
    c.keep_second = static_cast<float>(settings.beta2);
    c.to_second = static_cast<float>(1 - settings.beta2);
    c.eps = static_cast<float>(settings.eps);
    c.correction = static_cast<float>(sqrt(1 - powers[1]));
    double const first = 1 - powers[0];
    for (int g = 0; g < parameter_groups; ++g) {
      double const lr = state->lr[g];
      c.group[g] = {static_cast<float>(1 - lr * settings.weight_decay), static_cast<float>(-(lr / first)), lr == 0};
    }
  }
  *to = c;
}

/// The group of element i.
__device__ inline int group_of(GroupRange const* ranges, int count, long long i) {
  int low = 0, high = count;  // the first range that ends after i
  while (low < high) {
    int const middle = (low + high) / 2;
    if (ranges[middle].last > i) high = middle;
    else low = middle + 1;
  }
  return low < count && ranges[low].first <= i ? static_cast<int>(ranges[low].group) : 0;
}

template <int Unused = 0>
__global__ __launch_bounds__(adamw_threads) void adamw_update(long long size, float const* gradient, float* parameters,
                                                              float* first_moment, float* second_moment,
                                                              GroupRange const* ranges, int range_count,
                                                              AdamWCoefficients const* from) {
  long long const i = static_cast<long long>(blockIdx.x) * adamw_threads + threadIdx.x;
  auto const& c = *from;
  if (i >= size || c.halted) return;
  float const g = __fmul_rn(gradient[i], c.clip);
  float const m0 = first_moment[i], m = __fadd_rn(m0, __fmul_rn(__fsub_rn(g, m0), c.to_first));
  float const v = __fadd_rn(__fmul_rn(second_moment[i], c.keep_second), __fmul_rn(__fmul_rn(c.to_second, g), g));
  GroupCoefficients const group = c.group[group_of(ranges, range_count, i)];
  float const correction = c.correction, eps = c.eps;
  first_moment[i] = m;
  second_moment[i] = v;
  if (group.frozen) return;
  float const denominator = __fadd_rn(__fdiv_rn(__fsqrt_rn(v), correction), eps);
  parameters[i] = __fadd_rn(__fmul_rn(parameters[i], group.keep), __fdiv_rn(__fmul_rn(group.minus_lr, m), denominator));
}

}  // namespace mambasynth::kernels::cuda::device
