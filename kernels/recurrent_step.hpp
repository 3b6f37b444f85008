#pragma once

#include <cstdint>
#include <memory>

// One time step of the network with carried state, O(1) in the number of earlier steps:
//   h = W_in x + b_in;  per layer  u = norm(h);  [x, z] = in_proj u;  x' = silu(conv over the last d_conv x);
//   [dt, B, C] = x_proj x';  delta = softplus(dt_proj dt + bias);  s = exp(delta A) s + delta B x';
//   y = C s + D x';  h += out_proj (y silu(z)) + noise;  prediction = W2 gelu(W1 norm(h) + b1) + b2 for each head
// Gu & Dao 2023 (arXiv:2312.00752), section 3.2, the recurrent mode of the network in src/model/network.hpp. A layer
// carries the last d_conv - 1 inputs of the convolution and s.
// Reference: recurrent_step_reference.cpp. CPU: recurrent_step_cpu.cpp (packing, threads), recurrent_step_lanes.cpp
// (vectors). GPU: cuda/recurrent/recurrent_generate.cu, many steps in one launch (recurrent_generate.hpp).
// Tests: tests/model/recurrence_test.cpp. Caller: src/model/recurrence.cpp.
namespace mambasynth::kernels {

struct RecurrentDimensions {
  std::int64_t channels;  ///< of the series
  std::int64_t features;  ///< d_model
  std::int64_t layers, inner, states, rank, d_conv;
  std::int64_t hidden;  ///< d_ff
  std::int64_t heads;   ///< one per horizon
};
/// Errors: std::invalid_argument for a size below 1 (layers, heads: below 0) or d_conv below 2.
void check_recurrent(RecurrentDimensions const&);

/// Weights as in the state dict: matrices (out, in) row-major, conv_weight (inner, d_conv), A_log (inner, state).
template <class T>
struct RecurrentLayer {
  T const *norm_weight, *norm_bias, *A_log, *D, *in_proj, *conv_weight, *conv_bias, *x_proj, *dt_weight, *dt_bias,
      *out_proj;
};
template <class T>
struct RecurrentHead {
  T const *weight0, *bias0, *weight2, *bias2;
};
template <class T>
struct RecurrentWeights {
  T const *input_weight, *input_bias;
  RecurrentLayer<T> const* layers;
  T const *final_weight, *final_bias;
  RecurrentHead<T> const* heads;
};

/// One step of `sequences` independent sequences.
template <class T>
struct RecurrentStep {
  std::int64_t sequences;
  T* state;            ///< (sequence, state size); all zero before the first step
  bool keep;           ///< whether the state advances; if not, it is only read
  T const* x;          ///< (sequence, channel)
  T const* noise;      ///< (sequence, layer, feature), added to each layer's output after the residual sum; or nullptr
  std::int64_t heads;  ///< how many heads, from the first
  T* predictions;      ///< (sequence, heads, channel)
};

/// Vectorized for the instruction set found at run time, threads by OpenMP. The weights are copied once, in the order
/// in which a step reads them. Bit-identical for any number of threads and whatever other sequences run alongside. Must
/// not be used by two threads at once.
class RecurrentNetwork {
 public:
  /// Errors: std::invalid_argument (check_recurrent).
  RecurrentNetwork(RecurrentDimensions const&, RecurrentWeights<float> const&);
  ~RecurrentNetwork();
  RecurrentNetwork(RecurrentNetwork const&) = delete;
  RecurrentNetwork& operator=(RecurrentNetwork const&) = delete;
  /// Floats of one sequence's state.
  [[nodiscard]] std::int64_t state_size() const;
  void step(RecurrentStep<float> const&);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The equations as plain loops, one thread: the reference for tests. T: float, double.
namespace reference {
std::int64_t recurrent_state_size(RecurrentDimensions const&);
template <class T>
void recurrent_step(RecurrentDimensions const&, RecurrentWeights<T> const&, RecurrentStep<T> const&);
}  // namespace reference

}  // namespace mambasynth::kernels
