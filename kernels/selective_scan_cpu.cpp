#include <omp.h>

#include <algorithm>

#include "kernels/cpu.hpp"
#include "kernels/scratch.hpp"
#include "kernels/selective_scan_lanes.hpp"

// Distributes the scan over threads. Tasks are (batch row, group of channels). Sums over tasks are formed in the order
// of the tasks, whichever thread ran them, so the results do not depend on the number of threads.
namespace mambasynth::kernels {
namespace {

template <class T>
ScanLanes<T> lanes() {
#ifdef MAMBASYNTH_KERNELS_X86
  switch (instruction_set()) {
    case InstructionSet::avx512:
      return avx512::scan_lanes<T>();
    case InstructionSet::avx2:
      return avx2::scan_lanes<T>();
    case InstructionSet::baseline:
      break;
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

/// The sums over groups of channels of one batch row: one chunk of dB or dC. parts: (group, tile, step, state of the
/// tile), as ScanSums has them.
template <class T>
void sum_groups(ScanShape const& shape, std::int64_t row, std::int64_t chunk, T const* parts, T* to,
                std::int64_t stride) {
  auto const groups = scan_groups(shape.channels), per_chunk = scan_padded_states(shape.states) * scan_chunk;
  auto const first = chunk * scan_chunk, last = std::min(first + scan_chunk, shape.time);
  for (auto t = first; t < last; ++t)
    for (std::int64_t n = 0; n < shape.states; ++n) {
      T const* part = parts + (n / scan_tile_states * scan_chunk + t - first) * scan_tile_states + n % scan_tile_states;
      T sum = part[0];
      for (std::int64_t group = 1; group < groups; ++group) sum += part[group * per_chunk];
      to[(row * shape.time + t) * stride + n] = sum;
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
  auto const rows = shape.batch, groups = scan_groups(shape.channels), chunks = scan_chunks(shape.time);
  auto const padded = scan_padded_states(shape.states);
  auto const per_group = padded * scan_group, per_chunk = padded * scan_chunk;
  auto const run = lanes<T>();
  auto const team = static_cast<int>(std::max<std::int64_t>(1, std::min<std::int64_t>(threads(), rows * groups)));
  // Where rows divide well, a thread takes whole rows and never waits; otherwise all threads share each chunk. The sums
  // and their order are the same.
  bool const whole_rows = rows >= 2 * team || rows % team == 0;
  auto const slots = whole_rows ? team : rows;
  auto const per_thread = (run.backward_scratch(shape.states) + 15) / 16 * 16;
  Scratch<T> scratch(per_thread * team);
  Scratch<T> carry(slots * groups * per_group), dB(slots * groups * per_chunk), dC(slots * groups * per_chunk);
  Scratch<T> dA(rows * groups * per_group), dD(rows * groups * scan_group), dbias(rows * groups * scan_group);
  auto decay = packed_decay(shape, inputs.A);

  auto const run_group = [&](std::int64_t row, std::int64_t slot, std::int64_t group, std::int64_t chunk) {
    auto const in_slot = slot * groups + group, task = row * groups + group;
    run.backward({shape, inputs, row, group * scan_group, decay.get() + group * per_group,
                  scratch.get() + per_thread * omp_get_thread_num()},
                 chunk, checkpoints, gradients,
                 {carry.get() + in_slot * per_group, dA.get() + task * per_group, dD.get() + task * scan_group,
                  dbias.get() + task * scan_group, dB.get() + in_slot * per_chunk, dC.get() + in_slot * per_chunk});
  };
  auto const sum_row = [&](std::int64_t row, std::int64_t slot, std::int64_t chunk) {
    auto const parts = slot * groups * per_chunk;
    sum_groups(shape, row, chunk, dB.get() + parts, gradients.dB, gradients.dB_stride);
    sum_groups(shape, row, chunk, dC.get() + parts, gradients.dC, gradients.dC_stride);
  };
#pragma omp parallel num_threads(team)
  {
    if (whole_rows) {
#pragma omp for schedule(dynamic)
      for (std::int64_t row = 0; row < rows; ++row) {
        auto const slot = omp_get_thread_num();
        std::fill_n(carry.get() + slot * groups * per_group, groups * per_group, T{});
        for (auto chunk = chunks - 1; chunk >= 0; --chunk) {
          for (std::int64_t group = 0; group < groups; ++group) run_group(row, slot, group, chunk);
          sum_row(row, slot, chunk);
        }
      }
    } else {
      for (auto chunk = chunks - 1; chunk >= 0; --chunk) {
#pragma omp for schedule(dynamic)
        for (std::int64_t i = 0; i < rows * groups; ++i) run_group(i / groups, i / groups, i % groups, chunk);
#pragma omp for schedule(static)
        for (std::int64_t row = 0; row < rows; ++row) sum_row(row, row, chunk);
      }
    }
#pragma omp for schedule(static)
    for (std::int64_t d = 0; d < shape.channels; ++d) {
      auto const group = d / scan_group, channel = d % scan_group;
      auto const sum_rows = [&](T const* parts, std::int64_t per_task, std::int64_t at) {
        T sum{};
        for (std::int64_t row = 0; row < rows; ++row) sum += parts[(row * groups + group) * per_task + at];
        return sum;
      };
      for (std::int64_t n = 0; n < shape.states; ++n)
        gradients.dA[d * shape.states + n] = sum_rows(dA.get(), per_group, n * scan_group + channel);
      if (inputs.D) gradients.dD[d] = sum_rows(dD.get(), scan_group, channel);
      if (inputs.delta_bias) gradients.ddelta_bias[d] = sum_rows(dbias.get(), scan_group, channel);
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
