#pragma once

#include "kernels/cuda/nearest/nearest_sift.cuh"

namespace mambasynth::kernels::cuda::device {

inline constexpr int candidate_threads = 256;

/// The k nearest of each query's list by squared distances in double; one block per query. A point that is not in the
/// list has a value above the limit, so a squared distance above limit - error + |x|^2: if the k-th of the list does
/// not reach that, no other point can be among the k. A query is appended to `unresolved` if this does not hold, or if
/// its list overflowed or holds fewer than k. Dynamic shared memory: capacity (8 + 4) bytes.
template <class T>
__global__ __launch_bounds__(candidate_threads) void nearest_candidates(NearestTask<T> task, long long first,
                                                                        int capacity, int const* list, int const* count,
                                                                        float const* limit, double const* length,
                                                                        SiftError error, int* unresolved,
                                                                        NearestStatus* status) {
  extern __shared__ unsigned long long key[];
  int* const index = reinterpret_cast<int*>(key + capacity);
  long long const local = blockIdx.x, query = first + local;
  auto const leave = [&] {
    if (threadIdx.x == 0) unresolved[atomicAdd(&status->unresolved, 1)] = static_cast<int>(query);
  };
  int const candidates = count[local];
  if (candidates < task.k || candidates > capacity) return leave();
  T const* const x = task.rows + query * task.stride;
  for (int i = threadIdx.x; i < candidates; i += blockDim.x) {
    int const candidate = list[local * capacity + i];
    T const* const y = task.rows + candidate * task.stride;
    double sum = 0;
#pragma unroll 4
    for (long long c = 0; c < task.stride; c += 4) {
      double xs[4], ys[4];
      load4(x + c, xs);
      load4(y + c, ys);
#pragma unroll
      for (int l = 0; l < 4; ++l) sum = add_square(xs[l], ys[l], sum);
    }
    key[i] = static_cast<unsigned long long>(__double_as_longlong(sum));
    index[i] = candidate;
  }
  sort_pairs(key, index, candidates);
  double const farthest = __longlong_as_double(static_cast<long long>(key[task.k - 1])) * error.scale * error.scale;
  double const own = length[query] * error.scale;
  if (!(farthest - own * own <= static_cast<double>(limit[local]) - error.of(own))) return leave();
  for (int i = threadIdx.x; i < task.k; i += blockDim.x) {
    task.distance[query * task.k + i] = __dsqrt_rn(__longlong_as_double(static_cast<long long>(key[i])));
    task.index[query * task.k + i] = index[i];
  }
}

}  // namespace mambasynth::kernels::cuda::device
