#pragma once

#include "kernels/cuda/recurrent/recurrent_parts.cuh"

// A cluster of 8 blocks, the largest that every card from sm_90 on takes, carries one sequence: inner channels and
// hidden units of the head are distributed over the blocks, as over the threads in recurrent_step_lanes.hpp, and every
// block keeps a copy of the residual stream. A layer needs two exchanges of partial sums; each goes straight into the
// other blocks' shared memory and counts its bytes on a barrier there, so that a block waits only for its data, never
// for all blocks. The weights (3.9 MB for the documented model) stay in L2: the slices of a block stream into two
// buffers, one for the weights before the scan and one for those after it, each refilled for the next layer while the
// other is read.
namespace mambasynth::kernels::cuda::device {

template <bool STAGED>
struct RecurrentBlock {
  RecurrentPlan const& p;
  int const lane, warp;
  float const *weights, *slices;  ///< of the whole network; of this block
  float *h, *x, *gate, *y, *dbl, *mine, *input;
  float* state;  ///< of this block
  WeightBuffer<STAGED> before, after;
  Exchange dbl_exchange, out_exchange, prediction_exchange;

  __device__ float const* slice_before(int layer) const {
    return slices + layer * (p.before_size + p.after_size);  // layer = layers: the head's
  }
  __device__ void fetch_before(int layer) {
    before.fetch(slice_before(layer), layer < p.layers ? p.before_size : p.head_size);
  }
  __device__ void fetch_after(int layer) { after.fetch(slice_before(layer) + p.before_size, p.after_size); }

  __device__ void enter() {
    for (int f = threadIdx.x; f < p.padded_features; f += recurrent_threads) {
      float sum = __ldg(weights + p.input_bias + f);
#pragma unroll 4
      for (int c = 0; c < p.channels; ++c) sum = fmaf(__ldg(weights + c * p.padded_features + f), input[c], sum);
      h[f] = sum;
    }
    __syncthreads();
  }

  /// Adds the output of the previous layer.
  __device__ void gather(float const* noise) {
    out_exchange.wait();
    for (int f = threadIdx.x; f < p.padded_features; f += recurrent_threads) {
      float sum = h[f] + out_exchange.sum(f);
      if (noise != nullptr && f < p.features) sum += noise[f];
      h[f] = sum;
    }
    __syncthreads();
  }

  struct Moments {
    float mean, scale;
  };
  /// Each warp computes its own.
  __device__ Moments moments() const {
    float sum = 0;
    for (int f = 4 * lane; f < p.padded_features; f += 128) {
      float4 const v = quad(h + f);
      sum += (v.x + v.y) + (v.z + v.w);
    }
#pragma unroll
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
    float const mean = sum / static_cast<float>(p.features);
    float squares = 0;
    for (int f = 4 * lane; f < p.padded_features; f += 128) {
      float4 const v = quad(h + f);
      float const d[4] = {v.x - mean, v.y - mean, v.z - mean, v.w - mean};
#pragma unroll
      for (int i = 0; i < 4; ++i) squares = f + i < p.features ? fmaf(d[i], d[i], squares) : squares;
    }
#pragma unroll
    for (int step = 16; step > 0; step /= 2) squares += __shfl_xor_sync(~0u, squares, step);
    return {mean, rsqrtf(squares / static_cast<float>(p.features) + 1e-5f)};
  }
  /// Eight rows of `rows` times the normalized stream; lane 4 r + i gets row r.
  __device__ float rows_of_norm(float const* norm, float const* rows, Moments const& m) const {
    float sum[8] = {};
    for (int f = 4 * lane; f < p.padded_features; f += 128) {
      float4 u = quad(h + f);
      float4 const gamma = quad(norm + f), beta = quad(norm + p.padded_features + f);
      u.x = fmaf((u.x - m.mean) * m.scale, gamma.x, beta.x);
      u.y = fmaf((u.y - m.mean) * m.scale, gamma.y, beta.y);
      u.z = fmaf((u.z - m.mean) * m.scale, gamma.z, beta.z);
      u.w = fmaf((u.w - m.mean) * m.scale, gamma.w, beta.w);
#pragma unroll
      for (int r = 0; r < 8; ++r) sum[r] = dot(quad(rows + r * p.padded_features + f), u, sum[r]);
    }
    return sums_over_lanes<32>(sum, lane);
  }
  /// mine[r] = row r of `matrix` (rows, columns) times v, 8 lanes per row, four rows at a time so that their loads
  /// overlap.
  __device__ void rows_of_share(float const* matrix, int rows, int columns, float const* v, float const* start) {
    constexpr int stride = recurrent_threads / 8;
    for (int first = 4 * warp; first < rows; first += 4 * stride) {
      float sum[4] = {};
      for (int c = 4 * (lane % 8); c < columns; c += 32) {
        float4 const factor = quad(v + c);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          int const r = first + i * stride + lane / 8;
          if (r < rows) sum[i] = dot(quad(matrix + r * columns + c), factor, sum[i]);
        }
      }
      float const total = sums_over_lanes<8>(sum, lane);
      int const r = first + lane % 8 / 2 * stride + lane / 8;
      if (lane % 2 == 0 && r < rows) mine[r] = start != nullptr ? total + start[r] : total;
    }
  }

  /// Norm, in_proj, convolution, this block's share of x_proj.
  __device__ void before_scan(int layer, bool keep) {
    float const* const w = before.wait();
    Moments const m = moments();
    float* const window = state + layer * p.state_layer;
    int const row = lane / 4;
    for (int group = warp; 4 * group < p.inner; group += recurrent_blocks) {
      int const channel = 4 * group + row % 4;
      bool const x_lane = lane % 4 == 0 && row < 4;
      float past[recurrent_max_d_conv - 1];
#pragma unroll
      for (int j = 0; j < recurrent_max_d_conv - 1; ++j)
        past[j] = x_lane && j < p.d_conv - 1 ? window[j * p.inner + channel] : 0;
      float const value = rows_of_norm(w, w + p.in_proj + 8 * group * p.padded_features, m);
      if (x_lane) {
        float sum = fmaf(w[p.conv_weight + (p.d_conv - 1) * p.inner + channel], value, w[p.conv_bias + channel]);
#pragma unroll
        for (int j = 0; j < recurrent_max_d_conv - 1; ++j)
          if (j < p.d_conv - 1) {
            sum = fmaf(w[p.conv_weight + j * p.inner + channel], past[j], sum);
            if (keep) window[j * p.inner + channel] = j + 1 < p.d_conv - 1 ? past[j + 1] : value;
          }
        x[channel] = silu(sum);
      } else if (lane % 4 == 0) {
        gate[channel] = silu(value);
      }
    }
    __syncthreads();
    rows_of_share(w + p.x_proj, p.padded_dbl, p.inner, x, nullptr);
    __syncthreads();
    fetch_before(layer + 1);
    dbl_exchange.send(mine);
  }

  /// delta, scan, gate, this block's share of out_proj. 8 lanes per channel, 4 states each.
  __device__ void scan(int layer, bool keep) {
    float* const s = state + layer * p.state_layer + (p.d_conv - 1) * p.inner;
    int const first = 4 * (lane % 8);
    auto const carried = [&](int channel) {
      return channel < p.inner && first < p.padded_states ? quad(s + channel * p.padded_states + first) : float4{};
    };
    float4 early = carried(threadIdx.x / 8);  // loads while the data arrive
    float const* const w = after.wait();
    dbl_exchange.wait();
    for (int j = threadIdx.x; j < p.padded_dbl; j += recurrent_threads) dbl[j] = dbl_exchange.sum(j);
    __syncthreads();
    float const* const B = dbl + p.padded_rank;
    float const* const C = B + p.padded_states;
    for (int channel = threadIdx.x / 8; channel < p.inner; channel += recurrent_threads / 8) {
      float raw = w[p.dt_bias + channel];
#pragma unroll 8
      for (int r = 0; r < p.padded_rank; ++r) raw = fmaf(w[p.dt_weight + r * p.inner + channel], dbl[r], raw);
      float const delta = raw > 20 ? raw : log1pf(expf(raw)), x_t = x[channel], delta_x = delta * x_t;
      float sum = 0;
      for (int n = first; n < p.padded_states; n += 32) {  // the padding's B and C are zero
        float* const at = s + channel * p.padded_states + n;
        float4 const rate = quad(w + p.decay + channel * p.padded_states + n), B_t = quad(B + n);
        float4 now = n == first ? early : quad(at);
        now.x = fmaf(exp2_approx(delta * rate.x), now.x, delta_x * B_t.x);
        now.y = fmaf(exp2_approx(delta * rate.y), now.y, delta_x * B_t.y);
        now.z = fmaf(exp2_approx(delta * rate.z), now.z, delta_x * B_t.z);
        now.w = fmaf(exp2_approx(delta * rate.w), now.w, delta_x * B_t.w);
        sum = dot(quad(C + n), now, sum);
        if (keep) *reinterpret_cast<float4*>(at) = now;
      }
      sum = sum_of_eight_lanes(sum);
      if (lane % 8 == 0) y[channel] = fmaf(w[p.D + channel], x_t, sum) * gate[channel];
      if (channel + recurrent_threads / 8 < p.inner) early = carried(channel + recurrent_threads / 8);
    }
    __syncthreads();
    rows_of_share(w + p.out_proj, p.padded_features, p.inner, y, nullptr);
    __syncthreads();
    fetch_after(layer + 1 < p.layers ? layer + 1 : 0);
    out_exchange.send(mine);
  }

  /// Final norm and this block's share of the first head.
  __device__ void head() {
    float const* const w = before.wait();
    Moments const m = moments();
    for (int group = warp; 8 * group < p.hidden; group += recurrent_blocks) {
      float const value = rows_of_norm(w, w + p.head_weight0 + 8 * group * p.padded_features, m);
      int const unit = 8 * group + lane / 4;
      if (lane % 4 == 0) {
        float const a = value + w[p.head_bias0 + unit];
        y[unit] = 0.5f * a * (1 + erff(a * 0.70710678118654752440f));
      }
    }
    __syncthreads();
    rows_of_share(w + p.head_weight2, p.padded_channels, p.hidden, y, w + p.head_bias2);
    __syncthreads();
    fetch_before(0);
    prediction_exchange.send(mine);
  }

  /// Reads `input`. noise: (layer, feature) inside the network, or nullptr.
  __device__ void pass(bool keep, float const* noise) {
    enter();
#pragma unroll 1
    for (int layer = 0; layer < p.layers; ++layer) {
      if (layer > 0) gather(noise == nullptr ? nullptr : noise + (layer - 1) * p.features);
      before_scan(layer, keep);
      scan(layer, keep);
    }
    gather(noise == nullptr ? nullptr : noise + (p.layers - 1) * p.features);
    head();
    prediction_exchange.wait();
  }
};

/// DOCUMENTED: all sizes are compile-time constants; `plan` is not read.
template <bool DOCUMENTED, bool STAGED>
__global__ void __cluster_dims__(recurrent_blocks, 1, 1) __launch_bounds__(recurrent_threads, 1)
    recurrent_generate(__grid_constant__ RecurrentPlan const plan, float const* weights,
                       __grid_constant__ RecurrentRun const run) {
  extern __shared__ __align__(128) float shared[];
  __shared__ unsigned long long barriers[5];
  RecurrentPlan const p = DOCUMENTED ? recurrent_plan(documented_sizes()) : plan;
  long long const sequence = blockIdx.x / recurrent_blocks;
  int const rank = static_cast<int>(block_in_cluster());
  SharedArena arena{shared};
  float* const before_buffer = arena.take(STAGED ? max(p.before_size, p.head_size) : 0);
  float* const after_buffer = arena.take(STAGED ? p.after_size : 0);
  float* const dbl_received = arena.take(recurrent_blocks * p.padded_dbl);
  float* const out_received = arena.take(recurrent_blocks * p.padded_features);
  float* const prediction_received = arena.take(recurrent_blocks * p.padded_channels);
  RecurrentBlock<STAGED> block{
      .p = p,
      .lane = static_cast<int>(threadIdx.x % 32),
      .warp = __shfl_sync(~0u, static_cast<int>(threadIdx.x / 32), 0),  // uniform across the warp
      .weights = weights,
      .slices = weights + p.first_block + static_cast<long long>(rank) * p.block_size,
      .h = arena.take(p.padded_features),
      .x = arena.take(p.inner),
      .gate = arena.take(p.inner),
      .y = arena.take(max(p.inner, p.hidden)),
      .dbl = arena.take(p.padded_dbl),
      .mine = arena.take(max(max(p.padded_dbl, p.padded_features), p.padded_channels)),
      .input = arena.take(p.padded_channels),
      .state =
          run.state_in_shared != 0 ? arena.next : run.states + (sequence * recurrent_blocks + rank) * p.state_block,
      .before = {before_buffer, barriers},
      .after = {after_buffer, barriers + 1},
      .dbl_exchange = {dbl_received, barriers + 2, p.padded_dbl, rank},
      .out_exchange = {out_received, barriers + 3, p.padded_features, rank},
      .prediction_exchange = {prediction_received, barriers + 4, p.padded_channels, rank}};

  for (int i = threadIdx.x; i < p.state_block; i += recurrent_threads) block.state[i] = 0;
  if (threadIdx.x == 0) {
    for (auto& barrier : barriers) barrier_init(shared_address(&barrier), 1);
    barrier_init_visible();
    block.dbl_exchange.begin();
    block.out_exchange.begin();
    block.prediction_exchange.begin();
  }
  cluster_sync();
  block.fetch_before(0);
  block.fetch_after(0);

  int const c = static_cast<int>(threadIdx.x);  // there are at most as many channels as threads
  bool const has_channel = c < p.channels;
  float const* const seed = run.seed + sequence * run.seed_steps * p.channels;
  float prediction = 0, noise = 0;
  /// Rounds, records and feeds back the prediction for `step`.
  auto const feed = [&](long long step) {
    if (!has_channel) return;
    float next = run.bf16_feedback != 0 ? to_nearest_bf16(prediction) : prediction;
    if (run.noise != nullptr)
      next = run.bf16_feedback != 0 ? to_nearest_bf16(next + to_nearest_bf16(noise)) : next + noise;
    block.input[c] = next;
    if (rank == 0) run.generated[(sequence * run.steps + step) * p.channels + c] = next;
  };
#pragma unroll 1
  for (long long turn = 0; turn < run.seed_steps + run.steps - 1; ++turn) {
    long long const step = turn - run.seed_steps;
    if (step >= 0) feed(step);
    else if (has_channel) block.input[c] = seed[turn * p.channels + c];
    __syncthreads();
    // For the next step, loaded in the meantime.
    if (run.noise != nullptr && step + 1 >= 0 && has_channel)
      noise = run.noise[(sequence * run.steps + step + 1) * p.channels + c];
    int const burst = step >= 0 && run.burst != nullptr ? run.burst[step] : -1;
    // The noisy pass first: it starts from the state before this step, which the clean pass then advances.
#pragma unroll 1
    for (int clean = burst >= 0 ? 0 : 1; clean < 2; ++clean) {
      block.pass(clean != 0,
                 clean != 0 ? nullptr : run.hidden_noise + (sequence * run.bursts + burst) * p.layers * p.features);
      if (has_channel && (clean == 0 || burst < 0)) prediction = block.prediction_exchange.sum(c);
    }
  }
  feed(run.steps - 1);
  // No block may exit while data or weights are in flight to it.
  block.before.wait();
  block.after.wait();
  cluster_sync();
}

}  // namespace mambasynth::kernels::cuda::device
