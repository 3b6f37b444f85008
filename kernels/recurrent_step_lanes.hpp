#pragma once

#include <cstdint>

// The vectorized part of a recurrent step (recurrent_step_lanes.cpp, compiled once for each instruction set) and what
// it shares with the part that packs the weights and assigns parts to threads (recurrent_step_cpu.cpp).
//
// Inner channels are distributed in parts of 64. A layer needs the other parts twice, because x_proj and out_proj sum
// over all channels: each part stores its partial sums, and every thread adds them in the order of the parts. That
// takes two barriers per layer, and no sum depends on the number of threads. Every thread keeps its own copy of the
// residual stream.
namespace mambasynth::kernels {

inline constexpr int recurrent_part = 64;   ///< channels of a part; a multiple of every vector's lanes
inline constexpr int recurrent_block = 16;  ///< other axes are padded with zeros to a multiple of this

/// Sizes, padded sizes, and offsets into the packed weights (in floats). Matrices are packed (in, padded out).
struct RecurrentLayout {
  std::int64_t channels, features, layers, states, rank, d_conv;
  std::int64_t padded_channels, padded_features, padded_dbl;
  std::int64_t parts, hidden_parts;
  // whole network
  std::int64_t input_weight, input_bias, first_layer, layer_size, final_weight, final_bias, first_head, head_size;
  // inside a layer
  std::int64_t norm_weight, norm_bias, first_part, part_size;
  // inside a part of a layer: channels are those of the part
  std::int64_t in_proj;      ///< (feature, [x channel, z channel])
  std::int64_t conv_weight;  ///< (tap, channel)
  std::int64_t conv_bias;
  std::int64_t x_proj;     ///< (channel, [rank, B, C])
  std::int64_t dt_weight;  ///< (rank, channel)
  std::int64_t dt_bias;
  std::int64_t decay;  ///< A / ln 2: (state, channel)
  std::int64_t D;
  std::int64_t out_proj;  ///< (channel, feature)
  // inside a head, and a part of it
  std::int64_t head_bias2, head_first_part, head_part_size;
  std::int64_t head_weight0, head_bias0, head_weight2;
  // state of one sequence: (layer, part, [d_conv - 1, states], channel of the part)
  std::int64_t state_part, state_layer, state_size;
};

/// One step, and the arrays that its stages pass to each other.
struct RecurrentPass {
  RecurrentLayout const* layout;
  float const* weights;
  std::int64_t sequences;
  float* state;
  bool keep;
  float const *x, *noise;
  float* xz;        ///< (part, sequence, [x after the convolution, z])
  float* dbl;       ///< partial sums of x_proj: (part, sequence, padded_dbl)
  float* out;       ///< partial sums of out_proj: (part, sequence, padded_features)
  float* head_out;  ///< (head, hidden part, sequence, padded_channels)
};
/// Private to a thread.
struct RecurrentLocal {
  float *h, *u;  ///< residual stream and its norm: (sequence, padded_features)
  float* wide;   ///< max(2 parts, padded_dbl)
};

struct RecurrentLanes {
  void (*enter)(RecurrentPass const&, RecurrentLocal const&);  ///< h = input_proj x
  /// Adds the output of the previous layer (layer > 0), then takes the norm of `layer`; layer = layers: the final norm.
  void (*gather)(RecurrentPass const&, RecurrentLocal const&, std::int64_t layer);
  void (*project)(RecurrentPass const&, RecurrentLocal const&, std::int64_t layer,
                  std::int64_t part);                                                                ///< up to x_proj
  void (*scan)(RecurrentPass const&, RecurrentLocal const&, std::int64_t layer, std::int64_t part);  ///< up to out_proj
  void (*head)(RecurrentPass const&, RecurrentLocal const&, std::int64_t head, std::int64_t part);
};

namespace baseline {
RecurrentLanes recurrent_lanes();
}
namespace avx2 {
RecurrentLanes recurrent_lanes();
}
namespace avx512 {
RecurrentLanes recurrent_lanes();
}

}  // namespace mambasynth::kernels
