#include <limits>
#include <stdexcept>
#include <string>

#include "kernels/cuda/adamw.cuh"
#include "kernels/cuda/adamw.hpp"
#include "kernels/cuda/launch.hpp"

namespace mambasynth::kernels::cuda {

static_assert(sizeof(StepRecord) == sizeof(device::StepRecord) && sizeof(GroupRange) == sizeof(device::GroupRange));

std::size_t adamw_workspace_bytes(AdamWShape const&) {
  Arena arena(nullptr);
  arena.take<double>(device::gradient_blocks);
  arena.take<device::AdamWCoefficients>(1);
  return arena.used();
}

void adamw_step(AdamWShape const& s, AdamW const& settings, double clip_norm, AdamWArrays const& a,
                std::byte* workspace, Stream stream) {
  constexpr auto most = std::numeric_limits<int>::max();
  constexpr int threads = device::adamw_threads;
  auto const blocks = ceil_div(s.size, threads);
  if (s.size < 0 || blocks > most || s.batch < 0 || s.terms < 0 || s.ranges < 0 || s.ranges > most)
    throw std::invalid_argument("an optimizer step of " + std::to_string(s.size) + " parameters, " +
                                std::to_string(s.terms) + " loss terms of " + std::to_string(s.batch) +
                                " windows and " + std::to_string(s.ranges) +
                                " ranges is impossible (0 and more, at most 2^39 parameters). Correct the shape.");
  Arena arena(workspace);
  auto* const partial = arena.take<double>(device::gradient_blocks);
  auto* const coefficients = arena.take<device::AdamWCoefficients>(1);
  device::gradient_squares<<<device::gradient_blocks, threads, 0, stream>>>(s.size, a.gradient, partial);
  check_launch("gradient_squares");
  device::adamw_coefficients<<<1, threads, 0, stream>>>(
      {settings.beta1, settings.beta2, settings.eps, settings.weight_decay, clip_norm}, partial, s.batch, s.terms,
      a.window_sums, a.loss_weight, reinterpret_cast<device::StepRecord*>(a.records), a.state, coefficients);
  check_launch("adamw_coefficients");
  if (blocks == 0) return;
  device::adamw_update<<<static_cast<unsigned>(blocks), threads, 0, stream>>>(
      s.size, a.gradient, a.parameters, a.first_moment, a.second_moment,
      reinterpret_cast<device::GroupRange const*>(a.ranges), static_cast<int>(s.ranges), coefficients);
  check_launch("adamw_update");
}

}  // namespace mambasynth::kernels::cuda
