#pragma once

namespace mambasynth::kernels::cuda::device {

/// Sums `rows` values each over groups of `lanes` neighboring lanes: lane l of a group gets the sum of
/// row[l / (lanes / rows)]. `row` is overwritten.
template <int lanes, int rows>
__device__ inline float sums_over_lanes(float (&row)[rows], int lane) {
  constexpr int spread = lanes / rows;
#pragma unroll
  for (int half = rows / 2; half > 0; half /= 2) {
    bool const upper = (lane & (spread * half)) != 0;
#pragma unroll
    for (int i = 0; i < half; ++i) {
      float const give = upper ? row[i] : row[i + half];
      row[i] = (upper ? row[i + half] : row[i]) + __shfl_xor_sync(0xffffffffu, give, spread * half);
    }
  }
  float sum = row[0];
#pragma unroll
  for (int apart = spread / 2; apart > 0; apart /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, apart);
  return sum;
}

}  // namespace mambasynth::kernels::cuda::device
