#include <algorithm>

#include <omp.h>

#include "kernels/cpu.hpp"
#include "kernels/scratch.hpp"
#include "kernels/selective_scan_lanes.hpp"

// Deals the scan out to threads. Tasks are (batch row, group of channels); every sum over tasks is formed in the order
// of the tasks, whichever thread ran them, so the results do not depend on the number of threads.
namespace mambasynth::kernels {
namespace {

template <class T>
ScanLanes<T> lanes() {
#ifdef MAMBASYNTH_KERNELS_X86
  switch (instruction_set()) {
    case InstructionSet::avx512: return avx512::scan_lanes<T>();
    case InstructionSet::avx2: return avx2::scan_lanes<T>();
    case InstructionSet::baseline: break;
  }
#endif
  return baseline::scan_lanes<T>();
}

/// A / ln 2 as (group, padded state, channel of the group): exp(delta A) becomes a power of two.
template <class T>
Scratch<T> packed_decay(ScanShape const& shape, T const* A) {
  constexpr double log2_e = 1.44269504088896340736;
  auto const padded = scan_padded_states(shape.states);
  Scratch<T> packed(scan_groups(shape.channels) * padded * scan_group);
  for (std::int64_t d = 0; d < shape.channels; ++d)
    for (std::int64_t n = 0; n < shape.states; ++n)
      packed.get()[(d / scan_group * padded + n) * scan_group + d % scan_group] =
          static_cast<T>(log2_e * static_cast<double>(A[d * shape.states + n]));
  return packed;
}

/// Sums of the tasks of one batch row over its groups of channels: one chunk of dB or dC.
template <class T>
void sum_groups(ScanShape const& shape, std::int64_t batch, std::int64_t chunk, T const* parts, T* to,
                std::int64_t stride) {
  auto const groups = scan_groups(shape.channels), padded = scan_padded_states(shape.states);
  auto const first = chunk * scan_chunk, last = std::min(first + scan_chunk, shape.time);
  for (auto t = first; t < last; ++t) {
    T* row = to + (batch * shape.time + t) * stride;
    for (std::int64_t n = 0; n < shape.states; ++n) {
      T const* part = parts + batch * groups * padded * scan_chunk +
                      (n / scan_tile_states * scan_chunk + t - first) * scan_tile_states + n % scan_tile_states;
      T sum = part[0];
      for (std::int64_t group = 1; group < groups; ++group) sum += part[group * padded * scan_chunk];
      row[n] = sum;
    }
  }
}

}  // namespace

template <class T>
void selective_scan_forward(ScanShape const& shape, ScanInputs<T> const& inputs, ScanOutputs<T> const& outputs) {
  check_scan(shape);
  auto const groups = scan_groups(shape.channels), padded = scan_padded_states(shape.states);
  auto const tasks = shape.batch * groups;
  if (tasks == 0) return;
  auto const run = lanes<T>();
  auto const team = static_cast<int>(std::min<std::int64_t>(threads(), tasks));
  auto const per_thread = (run.forward_scratch(shape.states) + 15) / 16 * 16;
  Scratch<T> scratch(per_thread * team);
  auto decay = packed_decay(shape, inputs.A);
#pragma omp parallel for schedule(dynamic) num_threads(team)
  for (std::int64_t i = 0; i < tasks; ++i) {
    auto const group = i % groups;
    run.forward({shape, inputs, i / groups, group * scan_group, decay.get() + group * padded * scan_group,
                 scratch.get() + per_thread * omp_get_thread_num()},
                outputs);
  }
}

template <class T>
void selective_scan_backward(ScanShape const& shape, ScanInputs<T> const& inputs, T const* checkpoints,
                             ScanGradients<T> const& gradients) {
  check_scan(shape);
  auto const groups = scan_groups(shape.channels), padded = scan_padded_states(shape.states);
  auto const tasks = shape.batch * groups;
  auto const run = lanes<T>();
  auto const team = static_cast<int>(std::max<std::int64_t>(1, std::min<std::int64_t>(threads(), tasks)));
  auto const per_thread = (run.backward_scratch(shape.states) + 15) / 16 * 16;
  auto const per_group = padded * scan_group, per_chunk = padded * scan_chunk;
  Scratch<T> scratch(per_thread * team);
  Scratch<T> carry(tasks * per_group), dA(tasks * per_group), dD(tasks * scan_group), dbias(tasks * scan_group);
  Scratch<T> dB(tasks * per_chunk), dC(tasks * per_chunk);
  auto decay = packed_decay(shape, inputs.A);
#pragma omp parallel num_threads(team)
  {
    for (auto chunk = scan_chunks(shape.time) - 1; chunk >= 0; --chunk) {
#pragma omp for schedule(dynamic)
      for (std::int64_t i = 0; i < tasks; ++i) {
        auto const group = i % groups;
        run.backward({shape, inputs, i / groups, group * scan_group, decay.get() + group * per_group,
                      scratch.get() + per_thread * omp_get_thread_num()},
                     chunk, checkpoints, gradients,
                     {carry.get() + i * per_group, dA.get() + i * per_group, dD.get() + i * scan_group,
                      dbias.get() + i * scan_group, dB.get() + i * per_chunk, dC.get() + i * per_chunk});
      }
#pragma omp for schedule(static)
      for (std::int64_t b = 0; b < shape.batch; ++b) {
        sum_groups(shape, b, chunk, dB.get(), gradients.dB, gradients.dB_stride);
        sum_groups(shape, b, chunk, dC.get(), gradients.dC, gradients.dC_stride);
      }
    }
#pragma omp for schedule(static)
    for (std::int64_t d = 0; d < shape.channels; ++d) {
      auto const group = d / scan_group, channel = d % scan_group;
      auto const sum_batch = [&](T const* parts, std::int64_t per_task, std::int64_t at) {
        T sum{};
        for (std::int64_t b = 0; b < shape.batch; ++b) sum += parts[(b * groups + group) * per_task + at];
        return sum;
      };
      for (std::int64_t n = 0; n < shape.states; ++n)
        gradients.dA[d * shape.states + n] = sum_batch(dA.get(), per_group, n * scan_group + channel);
      gradients.dD[d] = sum_batch(dD.get(), scan_group, channel);
      gradients.ddelta_bias[d] = sum_batch(dbias.get(), scan_group, channel);
    }
  }
}

template void selective_scan_forward(ScanShape const&, ScanInputs<float> const&, ScanOutputs<float> const&);
template void selective_scan_forward(ScanShape const&, ScanInputs<double> const&, ScanOutputs<double> const&);
template void selective_scan_backward(ScanShape const&, ScanInputs<float> const&, float const*,
                                      ScanGradients<float> const&);
template void selective_scan_backward(ScanShape const&, ScanInputs<double> const&, double const*,
                                      ScanGradients<double> const&);

}  // namespace mambasynth::kernels
