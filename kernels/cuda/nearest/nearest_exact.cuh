#pragma once

#include "kernels/cuda/nearest/nearest_task.cuh"

// The search in double: for queries that single precision left unresolved, and where single precision would not pay
// off.
namespace mambasynth::kernels::cuda::device {

inline constexpr int exact_tile = 64, exact_dims = 16, select_threads = 512;
inline constexpr unsigned long long infinite_key = 0x7ff0000000000000ULL;  // keys from here on are not distances

/// Query number i: chosen[i], or i itself for chosen = nullptr.
__device__ inline long long query_of(int const* chosen, long long i) { return chosen == nullptr ? i : chosen[i]; }

/// 64 rows by 16 dimensions, transposed, as double; zeros after the last dimension. A thread loads four values of a
/// row.
template <class T>
__device__ inline void load_exact(double (&to)[exact_dims][exact_tile + 1], T const* row, long long c,
                                  long long stride) {
  int const at = threadIdx.x / 4, first = threadIdx.x % 4 * 4;
  double value[4] = {};
  if (row != nullptr && c + first < stride) load4(row + c + first, value);
#pragma unroll
  for (int l = 0; l < 4; ++l) to[first + l][at] = value[l];
}

/// key (query, point): bits of the squared distances of queries first .. first + count - 1, all ones where the two
/// cannot be neighbors. Non-negative doubles are ordered like their bits. Blocks: tile of queries fastest.
template <class T>
__global__ __launch_bounds__(256) void nearest_squared(NearestTask<T> task, int const* chosen, long long first,
                                                       int count, int query_tiles, unsigned long long* key) {
  __shared__ double queries[exact_dims][exact_tile + 1], candidates[exact_dims][exact_tile + 1];
  long long const query_start = static_cast<long long>(blockIdx.x % query_tiles) * exact_tile;
  long long const candidate_start = static_cast<long long>(blockIdx.x / query_tiles) * exact_tile;
  int const loaded = threadIdx.x / 4, x = threadIdx.x / 16, y = threadIdx.x % 16;
  auto const row = [&](bool there, long long i) { return there ? task.rows + i * task.stride : nullptr; };
  bool const has_query = query_start + loaded < count;
  T const* const query_row = row(has_query, has_query ? query_of(chosen, first + query_start + loaded) : 0);
  T const* const candidate_row = row(candidate_start + loaded < task.points, candidate_start + loaded);
  double sum[4][4] = {};
  for (long long c = 0; c < task.stride; c += exact_dims) {
    __syncthreads();
    load_exact(queries, query_row, c, task.stride);
    load_exact(candidates, candidate_row, c, task.stride);
    __syncthreads();
#pragma unroll
    for (int d = 0; d < exact_dims; ++d) {
      double a[4], b[4];
#pragma unroll
      for (int l = 0; l < 4; ++l) a[l] = queries[d][x + 16 * l], b[l] = candidates[d][y + 16 * l];
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) sum[i][j] = add_square(a[i], b[j], sum[i][j]);
    }
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    long long const local = query_start + x + 16 * i;
    if (local >= count) continue;
    long long const query = query_of(chosen, first + local);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      long long const candidate = candidate_start + y + 16 * j;
      if (candidate >= task.points) continue;
      unsigned long long const bits = static_cast<unsigned long long>(__double_as_longlong(sum[i][j]));
      key[local * task.points + candidate] = excluded(task, query, candidate) ? ~0ULL : bits;
    }
  }
}

/// The k-th smallest key of a row by radix selection, and how many are smaller; infinite_key if the row has fewer keys.
struct Kth {
  unsigned long long key;
  long long smaller;
};
__device__ inline Kth kth_key(unsigned long long const* row, long long points, long long k) {
  constexpr int digits = 256;
  __shared__ unsigned amount[digits], before;
  __shared__ int digit;
  unsigned long long prefix = 0;
  long long smaller = 0;
  for (int shift = 56; shift >= 0; shift -= 8) {
    for (int d = threadIdx.x; d < digits; d += blockDim.x) amount[d] = 0;
    __syncthreads();
    unsigned long long const known = shift == 56 ? 0 : ~0ULL << (shift + 8);
    for (long long j = threadIdx.x; j < points; j += blockDim.x) {
      unsigned long long const v = row[j];
      if (v < infinite_key && (v & known) == prefix) atomicAdd(&amount[v >> shift & 0xff], 1u);
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      unsigned seen = 0;
      int d = 0;
      while (d < digits && smaller + seen + amount[d] < k) seen += amount[d++];
      digit = d;
      before = seen;
    }
    __syncthreads();
    if (digit == digits) return {infinite_key, 0};
    prefix |= static_cast<unsigned long long>(digit) << shift;
    smaller += before;
  }
  return {prefix, smaller};
}

/// The k nearest of each query from its row of keys; one block per query.
template <class T>
__global__ __launch_bounds__(select_threads) void nearest_select(NearestTask<T> task, int const* chosen,
                                                                 long long first, unsigned long long const* key,
                                                                 NearestStatus* status) {
  __shared__ int smaller_taken, warp_equals[select_threads / 32];
  long long const query = query_of(chosen, first + blockIdx.x);
  unsigned long long const* const row = key + blockIdx.x * task.points;
  Kth const kth = kth_key(row, task.points, task.k);
  if (kth.key == infinite_key) {
    if (threadIdx.x == 0) status->overflow = 1;
    return;
  }
  unsigned long long* const to_key = reinterpret_cast<unsigned long long*>(task.distance + query * task.k);
  int* const to_index = task.index + query * task.k;
  if (threadIdx.x == 0) smaller_taken = 0;
  int const lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  long long equal_at = kth.smaller;  // of the points at the k-th distance itself, those with the lowest indices
  __syncthreads();
  for (long long start = 0; start < task.points; start += blockDim.x) {
    long long const j = start + threadIdx.x;
    unsigned long long const v = j < task.points ? row[j] : ~0ULL;
    if (v < kth.key) {
      int const at = atomicAdd(&smaller_taken, 1);
      to_key[at] = v;
      to_index[at] = static_cast<int>(j);
    }
    bool const equal = v == kth.key;
    if (equal_at >= task.k || !__syncthreads_or(equal)) continue;
    unsigned const mask = __ballot_sync(0xffffffffu, equal);
    if (lane == 0) warp_equals[warp] = __popc(mask);
    __syncthreads();
    long long before = 0, all = 0;
    for (int w = 0; w < select_threads / 32; ++w) {
      before += w < warp ? warp_equals[w] : 0;
      all += warp_equals[w];
    }
    long long const at = equal_at + before + __popc(mask & ((1u << lane) - 1));
    if (equal && at < task.k) {
      to_key[at] = v;
      to_index[at] = static_cast<int>(j);
    }
    equal_at += all;
    __syncthreads();
  }
  sort_pairs(to_key, to_index, static_cast<int>(task.k));
  for (long long i = threadIdx.x; i < task.k; i += blockDim.x)
    task.distance[query * task.k + i] = __dsqrt_rn(__longlong_as_double(static_cast<long long>(to_key[i])));
}

}  // namespace mambasynth::kernels::cuda::device
