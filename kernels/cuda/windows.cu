#include <stdexcept>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/windows.cuh"
#include "kernels/cuda/windows.hpp"

namespace mambasynth::kernels::cuda {

template <class T>
void gather_windows(WindowShape const& s, float const* series, std::int64_t const* starts, std::int64_t batch_size,
                    StepState const* state, float* x, T* padded, Stream stream) {
  if (s.batch < 0 || s.time < 0 || s.channels < 1 || s.width < s.channels)
    throw std::invalid_argument("windows without channels, or with rows shorter than their channels");
  auto const rows = s.batch * s.time;
  if (rows == 0) return;
  constexpr int threads = 256;
  auto const blocks = ceil_div(rows * s.width, threads);
  if (blocks > 0x7fffffff) throw std::invalid_argument("more than 2^31 blocks of windows");
  device::gather_windows<<<static_cast<unsigned>(blocks), threads, 0, stream>>>(
      rows, s.time, static_cast<int>(s.channels), static_cast<int>(s.width), series,
      reinterpret_cast<long long const*>(starts), batch_size, state, x, native(padded));
  check_launch("gather_windows");
}

template void gather_windows(WindowShape const&, float const*, std::int64_t const*, std::int64_t, StepState const*,
                             float*, float*, Stream);
template void gather_windows(WindowShape const&, float const*, std::int64_t const*, std::int64_t, StepState const*,
                             float*, BFloat16*, Stream);

}  // namespace mambasynth::kernels::cuda
