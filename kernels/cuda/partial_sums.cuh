#pragma once

namespace mambasynth::kernels::cuda::device {

/// Destination of the columns of a table of partial sums: the first `end[0]` to out[0], up to `end[1]` to out[1], ...
struct SumTargets {
  float* out[3];
  long long end[3];
};

inline constexpr int sum_lanes = 32, sum_rows = 32;

/// Sums down the columns of partial (row, column), always in the same order: 32 threads per column each take every 32nd
/// row, then one adds the 32. `block` counts groups of 32 columns; the block has (sum_lanes, sum_rows) threads.
__device__ inline void sum_columns(long long block, long long rows, long long columns, float const* partial,
                                   SumTargets const& targets) {
  __shared__ float part[sum_rows][sum_lanes + 1];
  long long const c = block * sum_lanes + threadIdx.x;
  float sum = 0;
  if (c < columns) {
#pragma unroll 8
    for (long long r = threadIdx.y; r < rows; r += sum_rows) sum += partial[r * columns + c];
  }
  part[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || c >= columns) return;
#pragma unroll
  for (int r = 1; r < sum_rows; ++r) sum += part[r][threadIdx.x];
  long long begin = 0;
#pragma unroll
  for (int k = 0; k < 3; ++k) {
    if (c >= begin && c < targets.end[k]) targets.out[k][c - begin] = sum;
    begin = targets.end[k];
  }
}

template <int Unused = 0>
__global__ __launch_bounds__(sum_lanes* sum_rows) void sum_partials(long long rows, long long columns,
                                                                    float const* partial, SumTargets targets) {
  sum_columns(blockIdx.x, rows, columns, partial, targets);
}

/// The block's part of such sums: `lanes` neighboring threads hold sums of N columns each, and so do the next `lanes`
/// threads for other rows of the same columns. The block's sums go to `row`, which begins at its first column, `apart`
/// floats apart. `shared` holds N floats per thread. All threads must call it.
template <int N>
__device__ inline void block_column_sums(float const (&sum)[N], float* shared, int lanes, float* row,
                                         long long columns_left, int apart = 1) {
  int const threads = static_cast<int>(blockDim.x * blockDim.y), width = lanes * N, groups = threads / lanes;
  int const thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  __syncthreads();  // earlier users of `shared` must be done
#pragma unroll
  for (int i = 0; i < N; ++i) shared[thread * N + i] = sum[i];
  __syncthreads();
  for (int c = thread; c < width && c < columns_left; c += threads) {
    float total = 0;
    for (int group = 0; group < groups; ++group) total += shared[group * width + c];
    row[static_cast<long long>(c) * apart] = total;
  }
}

}  // namespace mambasynth::kernels::cuda::device
