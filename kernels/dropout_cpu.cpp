#include <algorithm>

#include "kernels/cpu.hpp"
#include "kernels/dropout.hpp"
#include "kernels/dropout_lanes.hpp"

namespace mambasynth::kernels {
namespace {

template <class T>
auto lanes() {
#ifdef MAMBASYNTH_KERNELS_X86
  switch (instruction_set()) {
    case InstructionSet::avx512:
      return &avx512::dropout_run<T>;
    case InstructionSet::avx2:
      return &avx2::dropout_run<T>;
    case InstructionSet::baseline:
      break;
  }
#endif
  return &baseline::dropout_run<T>;
}

constexpr std::int64_t run_elements = 8192;  // a multiple of four; enough work to be worth a thread

}  // namespace

template <class T>
void dropout(DropoutKey const& key, double p, std::int64_t first_sample, std::int64_t samples, std::int64_t elements,
             T const* x, T* out) {
  check_dropout(p, elements);
  auto const threshold = dropout_threshold(p);
  if (threshold >> 32) {
    std::fill_n(out, samples * elements, T{});
    return;
  }
  auto const stream = dropout_stream(key);
  auto const runs = (elements + run_elements - 1) / run_elements;
  auto const run = lanes<T>();
#pragma omp parallel for schedule(static) num_threads(threads())
  for (std::int64_t i = 0; i < samples * runs; ++i) {
    auto const first = i % runs * run_elements, at = i / runs * elements + first;
    run({{stream[0], stream[1]},
         static_cast<std::uint64_t>(first_sample + i / runs),
         static_cast<std::uint32_t>(threshold),
         static_cast<T>(1 / (1 - p)),
         first,
         std::min(run_elements, elements - first),
         x + at,
         out + at});
  }
}

template void dropout(DropoutKey const&, double, std::int64_t, std::int64_t, std::int64_t, float const*, float*);
template void dropout(DropoutKey const&, double, std::int64_t, std::int64_t, std::int64_t, double const*, double*);

}  // namespace mambasynth::kernels
