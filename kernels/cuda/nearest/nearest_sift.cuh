#pragma once

#include "kernels/cuda/nearest/nearest_rows.cuh"
#include "kernels/cuda/warp_mma.cuh"

// v[i,j] = |y_j|^2 - 2 x_i . y_j in single precision, a tile of 128 queries and 128 candidates per block. FFMA rather
// than tensor cores, whose rounding is not documented: the error bound must be certain.
namespace mambasynth::kernels::cuda::device {

inline constexpr int limit_threads = 256, most_sample = 8192;

/// Error bound of a value; see nearest_error_unit.
struct SiftError {
  double scale, unit, radius;
  __device__ double of(double own) const { return unit * (radius * radius + 2 * own * radius); }
};

struct ProductTile {
  float queries[2][panel_dims][panel_rows], candidates[2][panel_dims][panel_rows];
};

/// Rows and columns of the tile that thread t sums, two groups of four each. A warp's 4 x 8 threads cover 32 x 64, so
/// that every read of shared memory is a broadcast.
struct ProductPlace {
  int row, column;
  __device__ explicit ProductPlace(int thread) {
    int const warp = thread / 32, lane = thread % 32;
    row = warp / 2 * 32 + lane / 8 * 4;
    column = warp % 2 * 64 + lane % 8 * 4;
  }
  __device__ int row_of(int i) const { return row + i % 4 + i / 4 * 16; }
  __device__ int column_of(int j) const { return column + j % 4 + j / 4 * 32; }
};

/// queries, candidates: panels of (dims, 128), dims a multiple of 16.
__device__ inline void panel_product(ProductTile& tile, float const* queries, float const* candidates, int slabs,
                                     ProductPlace const& place, float (&sum)[8][8]) {
  constexpr int slab_floats = panel_dims * panel_rows, vector = 4, threads = 256;
  auto const fetch = [&](int slab) {
    int const stage = slab % 2;
    unsigned const to_queries = shared_address(&tile.queries[stage][0][0]);
    unsigned const to_candidates = shared_address(&tile.candidates[stage][0][0]);
#pragma unroll
    for (int f = 0; f < slab_floats; f += vector * threads) {
      int const at = f + static_cast<int>(threadIdx.x) * vector;
      copy_async(to_queries + at * 4, queries + static_cast<long long>(slab) * slab_floats + at, true);
      copy_async(to_candidates + at * 4, candidates + static_cast<long long>(slab) * slab_floats + at, true);
    }
  };
  fetch(0);
  for (int slab = 0; slab < slabs; ++slab) {
    wait_for_copies();
    __syncthreads();  // this slab has arrived, and no thread still reads the one that the next fetch overwrites
    if (slab + 1 < slabs) fetch(slab + 1);
    int const stage = slab % 2;
#pragma unroll
    for (int c = 0; c < panel_dims; ++c) {
      float x[8], y[8];
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float4 const xs = *reinterpret_cast<float4 const*>(&tile.queries[stage][c][place.row + half * 16]);
        float4 const ys = *reinterpret_cast<float4 const*>(&tile.candidates[stage][c][place.column + half * 32]);
        x[half * 4] = xs.x, x[half * 4 + 1] = xs.y, x[half * 4 + 2] = xs.z, x[half * 4 + 3] = xs.w;
        y[half * 4] = ys.x, y[half * 4 + 1] = ys.y, y[half * 4 + 2] = ys.z, y[half * 4 + 3] = ys.w;
      }
#pragma unroll
      for (int i = 0; i < 8; ++i)
#pragma unroll
        for (int j = 0; j < 8; ++j) sum[i][j] = __fmaf_rn(x[i], y[j], sum[i][j]);
    }
  }
}

/// Values of the queries from panel `first_panel` on and the sampled candidates: (query, sample); infinity where the
/// two cannot be neighbors. Blocks: query panel fastest.
template <class T>
__global__ __launch_bounds__(256, 2) void nearest_sample_values(NearestTask<T> task, long long first_panel,
                                                                int query_panels, int slabs, float const* packed,
                                                                float const* sample, float const* sample_norm,
                                                                int const* chosen, int samples, float* values) {
  __shared__ __align__(16) ProductTile tile;
  int const query_panel = static_cast<int>(blockIdx.x) % query_panels,
            column_panel = static_cast<int>(blockIdx.x) / query_panels;
  long long const floats = static_cast<long long>(slabs) * panel_dims * panel_rows;
  ProductPlace const place(threadIdx.x);
  float sum[8][8] = {};
  panel_product(tile, packed + (first_panel + query_panel) * floats, sample + column_panel * floats, slabs, place, sum);
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    long long const local = query_panel * panel_rows + place.row_of(i), query = first_panel * panel_rows + local;
    if (query >= task.points) continue;
#pragma unroll
    for (int j = 0; j < 8; ++j) {
      int const column = column_panel * panel_rows + place.column_of(j);
      float const value = __fmaf_rn(-2.0f, sum[i][j], sample_norm[column]);
      values[local * samples + column] = excluded(task, query, chosen[column]) ? __int_as_float(0x7f800000) : value;
    }
  }
}

/// limit[query] = the rank-th smallest of its sampled values plus twice their error, rounded up; empties its list. One
/// block per query, with its values in registers, since each of the 32 rounds reads them.
template <int Unused = 0>
__global__ __launch_bounds__(limit_threads) void nearest_limits(long long first, int samples, int rank,
                                                                float const* values, double const* length,
                                                                SiftError error, float* limit, int* count) {
  __shared__ int below[2][limit_threads / 32];
  unsigned key[most_sample / limit_threads];  // in the order of the values
  long long const local = blockIdx.x;
#pragma unroll
  for (int l = 0; l < most_sample / limit_threads; ++l) {
    int const s = l * limit_threads + static_cast<int>(threadIdx.x);
    unsigned const bits = s < samples ? __float_as_uint(values[local * samples + s]) : 0x7fffffffu;
    key[l] = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  }
  unsigned found = 0;  // the largest key with fewer than `rank` keys below it
  for (int bit = 31; bit >= 0; --bit) {
    unsigned const tried = found | 1u << bit;
    int own = 0;
#pragma unroll
    for (int l = 0; l < most_sample / limit_threads; ++l) own += key[l] < tried;
    own = __reduce_add_sync(0xffffffffu, own);
    if (threadIdx.x % 32 == 0) below[bit % 2][threadIdx.x / 32] = own;
    __syncthreads();
    int all = 0;
#pragma unroll
    for (int w = 0; w < limit_threads / 32; ++w) all += below[bit % 2][w];
    if (all < rank) found = tried;
  }
  if (threadIdx.x > 0) return;
  double const value = __uint_as_float(found & 0x80000000u ? found & 0x7fffffffu : ~found);
  constexpr float most = 3.402823466e+38f;  // what follows the last candidate is infinite and left out
  limit[local] = fminf(__double2float_ru(value + 2 * error.of(length[first + local] * error.scale)), most);
  count[local] = 0;
}

/// All candidates with values up to the query's limit, in no particular order: list (query, capacity). count: how many
/// there are, even beyond the capacity.
template <class T>
__global__ __launch_bounds__(256, 2) void nearest_sift(NearestTask<T> task, long long first_panel, int query_panels,
                                                       int slabs, float const* packed, float const* norm,
                                                       float const* limit, int capacity, int* list, int* count) {
  __shared__ __align__(16) ProductTile tile;
  int const query_panel = static_cast<int>(blockIdx.x) % query_panels;
  long long const column_panel = blockIdx.x / query_panels;
  long long const floats = static_cast<long long>(slabs) * panel_dims * panel_rows;
  ProductPlace const place(threadIdx.x);
  float sum[8][8] = {};
  panel_product(tile, packed + (first_panel + query_panel) * floats, packed + column_panel * floats, slabs, place, sum);
  float y[8];
#pragma unroll
  for (int j = 0; j < 8; ++j) y[j] = norm[column_panel * panel_rows + place.column_of(j)];
  unsigned long long hits = 0;
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    int const local = query_panel * panel_rows + place.row_of(i);
    float const most = first_panel * panel_rows + local < task.points ? limit[local] : __int_as_float(0xff800000);
#pragma unroll
    for (int j = 0; j < 8; ++j)
      if (__fmaf_rn(-2.0f, sum[i][j], y[j]) <= most) hits |= 1ULL << (i * 8 + j);
  }
  while (hits != 0) {
    int const at = __ffsll(static_cast<long long>(hits)) - 1;
    hits &= hits - 1;
    int const local = query_panel * panel_rows + place.row_of(at / 8);
    long long const candidate = column_panel * panel_rows + place.column_of(at % 8);
    if (excluded(task, first_panel * panel_rows + local, candidate)) continue;
    int const position = atomicAdd(&count[local], 1);
    if (position < capacity) list[static_cast<long long>(local) * capacity + position] = static_cast<int>(candidate);
  }
}

}  // namespace mambasynth::kernels::cuda::device
