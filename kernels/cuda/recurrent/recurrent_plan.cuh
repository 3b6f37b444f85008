#pragma once

namespace mambasynth::kernels::cuda::device {

constexpr int recurrent_blocks = 8;  ///< of a cluster; warp w sends to block w
constexpr int recurrent_threads = 32 * recurrent_blocks;
constexpr int recurrent_max_d_conv = 8;

/// Sizes and offsets of one block, in floats; all are multiples of 4, padded with zeros.
struct RecurrentPlan {
  int channels, features, layers, d_conv;
  int padded_channels, padded_features, padded_rank, padded_states, padded_dbl;
  int inner, hidden;  ///< a block's share
  // slice before the scan; norm and its bias first, as in the head's slice
  int in_proj;      ///< (group of 4 channels, [4 x, 4 z], feature)
  int conv_weight;  ///< (tap, channel)
  int conv_bias;
  int x_proj;  ///< ([rank, B, C], channel)
  int before_size;
  // slice from delta on
  int dt_weight;  ///< (rank, channel)
  int dt_bias, D;
  int decay;     ///< A / ln 2: (channel, state)
  int out_proj;  ///< (feature, channel)
  int after_size;
  // slice of the head
  int head_weight0;  ///< (group of 8 hidden units, unit, feature)
  int head_bias0;
  int head_weight2;  ///< (channel of the series, hidden unit)
  int head_bias2;    ///< in the first block's slice; zero in the others'
  int head_size;
  // packed weights: input weight (channel, feature), input bias, then each block's layers (before, after) and its head
  int input_bias, first_block, block_size;
  // carried state of a block: per layer the window (d_conv - 1, channel), then (channel, state)
  int state_layer, state_block;
  long long total;  ///< packed weights; the offsets above need it below 2^31
};

struct RecurrentSizes {
  long long channels, features, layers, inner, states, rank, d_conv, hidden;
};

/// A multiple of 4.
__host__ __device__ constexpr long long padded_to_4(long long count) { return (count + 3) / 4 * 4; }

/// Assigns offsets one after another.
struct RecurrentOffsets {
  long long used = 0;
  __host__ __device__ constexpr int take(long long count) {
    long long const at = used;
    used += padded_to_4(count);
    return static_cast<int>(at);
  }
  __host__ __device__ constexpr int size() const { return static_cast<int>(used); }
};

__host__ __device__ constexpr RecurrentPlan recurrent_plan(RecurrentSizes const& s) {
  RecurrentPlan p{};
  p.channels = static_cast<int>(s.channels), p.features = static_cast<int>(s.features);
  p.layers = static_cast<int>(s.layers), p.d_conv = static_cast<int>(s.d_conv);
  p.padded_channels = static_cast<int>(padded_to_4(s.channels)),
  p.padded_features = static_cast<int>(padded_to_4(s.features));
  p.padded_rank = static_cast<int>(padded_to_4(s.rank)), p.padded_states = static_cast<int>(padded_to_4(s.states));
  p.padded_dbl = p.padded_rank + 2 * p.padded_states;
  p.inner = static_cast<int>(padded_to_4((s.inner + recurrent_blocks - 1) / recurrent_blocks));
  p.hidden = static_cast<int>((s.hidden + 8 * recurrent_blocks - 1) / (8 * recurrent_blocks) * 8);
  long long const inner = p.inner, hidden = p.hidden, features = p.padded_features;

  RecurrentOffsets before{};
  before.take(2 * features);
  p.in_proj = before.take(2 * inner * features);
  p.conv_weight = before.take(s.d_conv * inner);
  p.conv_bias = before.take(inner);
  p.x_proj = before.take(p.padded_dbl * inner);
  p.before_size = before.size();
  RecurrentOffsets after{};
  p.dt_weight = after.take(p.padded_rank * inner);
  p.dt_bias = after.take(inner);
  p.D = after.take(inner);
  p.decay = after.take(inner * p.padded_states);
  p.out_proj = after.take(features * inner);
  p.after_size = after.size();
  RecurrentOffsets head{};
  head.take(2 * features);
  p.head_weight0 = head.take(hidden * features);
  p.head_bias0 = head.take(hidden);
  p.head_weight2 = head.take(p.padded_channels * hidden);
  p.head_bias2 = head.take(p.padded_channels);
  p.head_size = head.size();
  long long const block = s.layers * (before.used + after.used) + head.used;
  p.block_size = static_cast<int>(block);
  RecurrentOffsets whole{};
  whole.take(s.channels * features);
  p.input_bias = whole.take(features);
  p.first_block = whole.take(recurrent_blocks * block);
  p.total = whole.used;
  p.state_layer = static_cast<int>((s.d_conv - 1) * inner + inner * p.padded_states);
  p.state_block = static_cast<int>(s.layers * p.state_layer);
  return p;
}

/// The documented model, for which the kernel is compiled with constant sizes.
__host__ __device__ constexpr RecurrentSizes documented_sizes() {
  return {
      .channels = 20, .features = 128, .layers = 7, .inner = 256, .states = 32, .rank = 8, .d_conv = 4, .hidden = 512};
}

}  // namespace mambasynth::kernels::cuda::device
