#include <limits>
#include <stdexcept>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/parameters.cuh"
#include "kernels/cuda/parameters.hpp"

namespace mambasynth::kernels::cuda {
namespace {

static_assert(sizeof(Segment) == sizeof(device::Segment));

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

dim3 batch_grid(StridedBatch const& s) {
  if (s.batches < 0 || s.batches > 65535)
    throw std::invalid_argument(std::to_string(s.batches) +
                                " layers are impossible (0 to 65,535). Correct the number.");
  return {blocks_of(s.count, device::parameter_threads), static_cast<unsigned>(s.batches)};
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

void negative_exp(StridedBatch const& s, float const* A_log, float* A, Stream stream) {
  auto const grid = batch_grid(s);
  if (grid.x == 0 || grid.y == 0) return;
  device::negative_exp<<<grid, device::parameter_threads, 0, stream>>>(s.count, s.stride, A_log, A);
  check_launch("negative_exp");
}

void scale_by(StridedBatch const& s, float const* factor, float* values, Stream stream) {
  auto const grid = batch_grid(s);
  if (grid.x == 0 || grid.y == 0) return;
  device::scale_by<<<grid, device::parameter_threads, 0, stream>>>(s.count, s.stride, factor, values);
  check_launch("scale_by");
}

}  // namespace mambasynth::kernels::cuda
