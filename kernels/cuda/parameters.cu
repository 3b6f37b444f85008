#include <limits>
#include <stdexcept>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/optimizer.cuh"
#include "kernels/cuda/parameters.cuh"
#include "kernels/cuda/parameters.hpp"

namespace mambasynth::kernels::cuda {
namespace {

static_assert(sizeof(Segment) == sizeof(device::Segment) && sizeof(StepRecord) == sizeof(device::Record));

unsigned blocks_of(std::int64_t count, std::int64_t elements_of_block) {
  auto const blocks = ceil_div(count, elements_of_block);
  if (count < 0 || blocks > std::numeric_limits<int>::max())
    throw std::invalid_argument(std::to_string(count) + " parameters are impossible (0 to 2^39). Correct the number.");
  return static_cast<unsigned>(blocks);
}

dim3 segment_grid(std::int64_t count, std::int64_t largest) {
  if (count < 0 || count > 65535)
    throw std::invalid_argument(std::to_string(count) + " segments are impossible (0 to 65,535). Correct the number.");
  return {blocks_of(largest, device::parameter_threads * device::parameter_elements), static_cast<unsigned>(count)};
}

dim3 part_grid(PartShape const& s) {
  if (s.parts < 0 || s.parts > 65535)
    throw std::invalid_argument(std::to_string(s.parts) + " layers are impossible (0 to 65,535). Correct the number.");
  return {blocks_of(s.count, device::parameter_threads), static_cast<unsigned>(s.parts)};
}

device::Segment const* native_segments(Segment const* p) { return reinterpret_cast<device::Segment const*>(p); }

}  // namespace

template <class T>
void pack(Segment const* segments, std::int64_t count, std::int64_t largest, float const* flat, T* packed,
          Stream stream) {
  auto const grid = segment_grid(count, largest);
  if (grid.x == 0 || grid.y == 0) return;
  device::pack<<<grid, device::parameter_threads, 0, stream>>>(native_segments(segments), flat, native(packed));
  check_launch("pack");
}
template void pack(Segment const*, std::int64_t, std::int64_t, float const*, float*, Stream);
template void pack(Segment const*, std::int64_t, std::int64_t, float const*, BFloat16*, Stream);

void unpack(Segment const* segments, std::int64_t count, std::int64_t largest, float const* packed, float* flat,
            Stream stream) {
  auto const grid = segment_grid(count, largest);
  if (grid.x == 0 || grid.y == 0) return;
  device::unpack<<<grid, device::parameter_threads, 0, stream>>>(native_segments(segments), packed, flat);
  check_launch("unpack");
}

void negative_exp(PartShape const& s, float const* A_log, float* A, Stream stream) {
  auto const grid = part_grid(s);
  if (grid.x == 0 || grid.y == 0) return;
  device::negative_exp<<<grid, device::parameter_threads, 0, stream>>>(s.count, s.stride, A_log, A);
  check_launch("negative_exp");
}

void scale_by(PartShape const& s, float const* factor, float* values, Stream stream) {
  auto const grid = part_grid(s);
  if (grid.x == 0 || grid.y == 0) return;
  device::scale_by<<<grid, device::parameter_threads, 0, stream>>>(s.count, s.stride, factor, values);
  check_launch("scale_by");
}

std::size_t optimizer_workspace_bytes(OptimizerShape const&) {
  Carve carve(nullptr);
  carve.take<double>(device::optimizer_blocks);
  carve.take<device::UpdateCoefficients>(1);
  return carve.used();
}

void optimizer_step(OptimizerShape const& s, AdamW const& settings, double clip_norm, OptimizerArrays const& a,
                    std::byte* workspace, Stream stream) {
  if (s.size < 0 || s.batch < 0 || s.horizons < 0 || s.gate_ranges < 0 ||
      s.gate_ranges > std::numeric_limits<int>::max())
    throw std::invalid_argument("an optimiser step of " + std::to_string(s.size) + " parameters, " +
                                std::to_string(s.horizons) + " horizons of " + std::to_string(s.batch) +
                                " windows and " + std::to_string(s.gate_ranges) +
                                " ranges is impossible (0 and more). Correct the shape.");
  auto const blocks = blocks_of(s.size, device::optimizer_threads);
  constexpr int threads = device::optimizer_threads;
  Carve carve(workspace);
  auto* const partial = carve.take<double>(device::optimizer_blocks);
  auto* const coefficients = carve.take<device::UpdateCoefficients>(1);
  device::gradient_squares<<<device::optimizer_blocks, threads, 0, stream>>>(s.size, a.gradient, partial);
  check_launch("gradient_squares");
  device::optimizer_coefficients<<<1, threads, 0, stream>>>(
      {settings.beta1, settings.beta2, settings.eps, settings.weight_decay, clip_norm}, partial, s.batch, s.horizons,
      a.window_sums, a.loss_weight, reinterpret_cast<device::Record*>(a.records), a.state, coefficients);
  check_launch("optimizer_coefficients");
  if (blocks == 0) return;
  device::optimizer_update<<<blocks, threads, 0, stream>>>(
      s.size, a.gradient, a.parameters, a.first_moment, a.second_moment,
      reinterpret_cast<long long const*>(a.gate_range), static_cast<int>(s.gate_ranges), coefficients);
  check_launch("optimizer_update");
}

}  // namespace mambasynth::kernels::cuda
