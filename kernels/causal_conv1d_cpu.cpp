#include <omp.h>

#include <algorithm>

#include "kernels/causal_conv1d_lanes.hpp"
#include "kernels/cpu.hpp"
#include "kernels/scratch.hpp"

// Distributes the convolution over threads by (batch row, group of channels) and sums dweight and dbias over the batch
// in order.
namespace mambasynth::kernels {
namespace {

template <class T>
ConvLanes<T> lanes() {
#ifdef MAMBASYNTH_KERNELS_X86
  switch (instruction_set()) {
    case InstructionSet::avx512:
      return avx512::conv_lanes<T>();
    case InstructionSet::avx2:
      return avx2::conv_lanes<T>();
    case InstructionSet::baseline:
      break;
  }
#endif
  return baseline::conv_lanes<T>();
}

/// weight and bias as (group, tap, channel of the group) and (group, channel of the group).
template <class T>
struct Packed {
  Scratch<T> weight, bias;
  Packed(ConvShape const& shape, T const* from_weight, T const* from_bias)
      : weight(conv_groups(shape.channels) * shape.d_conv * conv_group),
        bias(conv_groups(shape.channels) * conv_group) {
    for (std::int64_t d = 0; d < shape.channels; ++d) {
      for (std::int64_t j = 0; j < shape.d_conv; ++j)
        weight.get()[(d / conv_group * shape.d_conv + j) * conv_group + d % conv_group] =
            from_weight[d * shape.d_conv + j];
      bias.get()[d] = from_bias[d];
    }
  }
};

}  // namespace

template <class T>
void causal_conv1d_forward(ConvShape const& shape, T const* x, std::int64_t x_stride, T const* weight, T const* bias,
                           T* out) {
  check_conv(shape);
  auto const groups = conv_groups(shape.channels), tasks = shape.batch * groups;
  if (tasks == 0) return;
  Packed<T> packed(shape, weight, bias);
  auto const run = lanes<T>();
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(std::min<std::int64_t>(threads(), tasks)))
  for (std::int64_t i = 0; i < tasks; ++i) {
    auto const group = i % groups;
    run.forward({shape, i / groups, group * conv_group, x, x_stride,
                 packed.weight.get() + group * shape.d_conv * conv_group, packed.bias.get() + group * conv_group},
                out);
  }
}

template <class T>
void causal_conv1d_backward(ConvShape const& shape, T const* x, std::int64_t x_stride, T const* weight, T const* bias,
                            T const* dout, T* dx, std::int64_t dx_stride, T* dweight, T* dbias) {
  check_conv(shape);
  auto const groups = conv_groups(shape.channels), tasks = shape.batch * groups, d_conv = shape.d_conv;
  Packed<T> packed(shape, weight, bias);
  auto const run = lanes<T>();
  auto const team = static_cast<int>(std::max<std::int64_t>(1, std::min<std::int64_t>(threads(), tasks)));
  constexpr std::int64_t per_thread = max_d_conv * conv_group;
  Scratch<T> recent(team * per_thread), weights(tasks * d_conv * conv_group), biases(tasks * conv_group);
#pragma omp parallel num_threads(team)
  {
#pragma omp for schedule(static)
    for (std::int64_t i = 0; i < tasks; ++i) {
      auto const group = i % groups;
      run.backward({shape, i / groups, group * conv_group, x, x_stride,
                    packed.weight.get() + group * d_conv * conv_group, packed.bias.get() + group * conv_group},
                   {dout, dx, dx_stride, weights.get() + i * d_conv * conv_group, biases.get() + i * conv_group,
                    recent.get() + omp_get_thread_num() * per_thread});
    }
#pragma omp for schedule(static)
    for (std::int64_t d = 0; d < shape.channels; ++d) {
      auto const group = d / conv_group, channel = d % conv_group;
      for (std::int64_t j = 0; j < d_conv; ++j) {
        T sum{};
        for (std::int64_t b = 0; b < shape.batch; ++b)
          sum += weights.get()[((b * groups + group) * d_conv + j) * conv_group + channel];
        dweight[d * d_conv + j] = sum;
      }
      T sum{};
      for (std::int64_t b = 0; b < shape.batch; ++b) sum += biases.get()[(b * groups + group) * conv_group + channel];
      dbias[d] = sum;
    }
  }
}

template void causal_conv1d_forward(ConvShape const&, float const*, std::int64_t, float const*, float const*, float*);
template void causal_conv1d_forward(ConvShape const&, double const*, std::int64_t, double const*, double const*,
                                    double*);
template void causal_conv1d_backward(ConvShape const&, float const*, std::int64_t, float const*, float const*,
                                     float const*, float*, std::int64_t, float*, float*);
template void causal_conv1d_backward(ConvShape const&, double const*, std::int64_t, double const*, double const*,
                                     double const*, double*, std::int64_t, double*, double*);

}  // namespace mambasynth::kernels
