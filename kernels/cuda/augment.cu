#include <stdexcept>

#include "kernels/augment.hpp"
#include "kernels/cuda/augment.cuh"
#include "kernels/cuda/launch.hpp"

namespace mambasynth::kernels::cuda {

static_assert(device::augment_noise_purpose == noise_purpose && device::augment_draws_counter == draws_counter);

template <class T>
void augment(AugmentShape const& s, Augmentation const& a, float const* x, float* target, T* input, Stream stream) {
  if (s.batch < 0 || s.time < 0 || s.channels < 1 || s.width < s.channels)
    throw std::invalid_argument("windows without channels, or with rows shorter than their channels");
  auto const rows = s.batch * s.time;
  if (rows == 0) return;
  auto const blocks = ceil_div(rows * s.width, device::augment_threads);
  if (blocks > 0x7fffffff) throw std::invalid_argument("more than 2^31 blocks of windows");
  device::augment<<<static_cast<unsigned>(blocks), device::augment_threads, 0, stream>>>(
      {rows, s.time, static_cast<int>(s.channels), static_cast<int>(s.width), a.rotation, a.scale, a.noise, a.seed,
       a.step, a.first_sample, a.batch_size, a.state},
      x, target, native(input));
  check_launch("augment");
}

template void augment(AugmentShape const&, Augmentation const&, float const*, float*, float*, Stream);
template void augment(AugmentShape const&, Augmentation const&, float const*, float*, BFloat16*, Stream);

}  // namespace mambasynth::kernels::cuda
