#pragma once

namespace mambasynth::kernels::cuda::device {

/// The sum over the block, in an order that depends only on the number of threads. `shared` holds one value per thread.
/// All threads must call it, and all get the sum.
__device__ inline double block_sum(double v, double* shared) {
  int const thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  int const threads = static_cast<int>(blockDim.x * blockDim.y);
  __syncthreads();
  shared[thread] = v;
  int count = 1;
  while (count < threads) count *= 2;
  for (int apart = count / 2; apart > 0; apart /= 2) {
    __syncthreads();
    if (thread < apart && thread + apart < threads) shared[thread] += shared[thread + apart];
  }
  __syncthreads();
  return shared[0];
}

}  // namespace mambasynth::kernels::cuda::device
