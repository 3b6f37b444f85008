#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <type_traits>
#include <vector>

#include "gpu/weights.hpp"
#include "kernels/residual_norm.hpp"
#include "kernels/selective_scan.hpp"
#include "train/gradient_buckets.hpp"
#include "train/losses/loss.hpp"

// axes: b batch, t time step, m token (b t), f feature, d inner channel, n state, r dt_rank
namespace mambasynth::gpu {

/// What one engine allocates for.
struct Capacity {
  std::int64_t batch = 0, time = 0;
  bool training = false;
};

/// Receives what a head predicts, and writes the gradient with respect to it if asked for (output.dprediction).
using PredictionHook = std::function<void(std::size_t head, train::losses::HeadOutput output)>;
/// Where the objective enters a backward pass, in the order of the stream. Hooks only launch kernels.
struct LossHooks {
  PredictionHook prediction;
  /// The auxiliary gradient: adds to dh (m, f) the gradient with respect to h (m, f), the residual stream after a
  /// layer, of the loss terms that do not depend on the predictions; from the last layer to the first, each before its
  /// block's backward. Empty: there are none.
  std::function<void(std::int64_t layer, at::Tensor const& h, at::Tensor const& dh)> layer = {};
};

/// The network's forward and backward on one GPU, written out block by block over preallocated arrays: no autograd, no
/// allocation, so that a whole training step can be captured as a CUDA graph. T: float, or kernels::BFloat16 for
/// activations and GEMMs in bf16 with fp32 parameters, norms, states and sums. Contains no loss: hooks supply it.
/// The backward recomputes what is cheap: the norm's output, x and z (bf16), the convolution, delta, the scan's output.
template <class T>
class Engine {
 public:
  Engine(model::Network const& network, Capacity const& capacity);

  [[nodiscard]] Weights<T>& weights() { return weights_; }
  [[nodiscard]] Capacity const& capacity() const { return capacity_; }
  [[nodiscard]] config::Integers const& horizons() const { return horizons_; }
  /// (f) fp32 gradient of every parameter, in flat order; what backward() writes.
  [[nodiscard]] at::Tensor const& gradient() const { return gradient_; }
  [[nodiscard]] std::vector<train::GradientBucket> const& buckets() const { return buckets_; }
  /// x (b, t, c) fp32 and its padded copy (b, t, width) in T: fill before forward().
  [[nodiscard]] at::Tensor const& x() const { return x_; }
  [[nodiscard]] at::Tensor const& padded() const { return padded_; }

  /// Dropout of the step; p = 0 is evaluation.
  using Dropout = kernels::NormDropout;
  /// Receives the residual stream (m, f) after a layer, before it is overwritten.
  using Watch = std::function<void(std::int64_t layer, at::Tensor const& h)>;
  /// Receives a block's inner arrays: xz (m, 2 d), x_conv (m, d), x_dbl (m, r + 2 n), delta before its bias (m, d).
  using WatchGates = std::function<void(at::Tensor const& xz, at::Tensor const& x_conv, at::Tensor const& x_dbl,
                                        at::Tensor const& delta)>;

  /// Everything up to the final norm for the first `batch` windows of x().
  void forward(std::int64_t batch, Dropout const& dropout, Watch const& watch = {}, WatchGates const& gates = {});
  /// After forward(): predictions of one horizon (m, width) fp32 without their bias, valid until the next call.
  at::Tensor predict(std::int64_t batch, std::size_t head);
  /// After forward(): passes what every head predicts to the hook, without asking for a gradient.
  void evaluate(std::int64_t batch, PredictionHook const& hook);
  /// Called when elements [first, last) of gradient() have had their last launch: a bucket of
  /// train::gradient_buckets().
  using BucketReady = std::function<void(std::int64_t first, std::int64_t last)>;
  /// After forward(): computes gradient() from the hooks' gradients.
  void backward(std::int64_t batch, Dropout const& dropout, LossHooks const& hooks, BucketReady const& ready = {});
  /// The first block with its residual sum and norm alone, after a forward and a backward: for benchmarks.
  void one_block_forward(std::int64_t batch, Dropout const& dropout);
  void one_block_backward(std::int64_t batch, Dropout const& dropout);

 private:
  /// One layer's arrays; in evaluation all layers share one set.
  struct Layer {
    at::Tensor h;           ///< (m, f) residual stream that enters the block
    at::Tensor mean, rstd;  ///< (m) of its norm
    at::Tensor xz, x_dbl;   ///< (m, 2 d), (m, r + 2 n)
    at::Tensor saved;       ///< of the scan
  };
  /// One product of bf16 costs 2 % of a step and saves a quarter of its memory; one of fp32 takes ten times as long.
  static constexpr bool recomputes_xz = std::is_same_v<T, kernels::BFloat16>;
  struct Dimensions {
    std::int64_t features, inner, states, rank, d_conv, hidden, channels, layers, x_dbl;
  };
  void project(std::size_t index, std::int64_t batch);
  void convolve(std::size_t index, std::int64_t batch);
  void block_forward(std::size_t index, std::int64_t batch, WatchGates const& gates);
  void block_backward(std::size_t index, std::int64_t batch, at::Tensor const& dmix);
  void norm_forward(std::size_t site, at::Tensor const& residual, std::int64_t batch, Dropout const& dropout);
  void norm_backward(std::size_t site, bool first, std::int64_t batch, Dropout const& dropout);
  void head_forward(std::int64_t batch, std::size_t head);
  void head_backward(std::int64_t batch, std::size_t head);
  [[nodiscard]] train::losses::HeadOutput head_output(std::int64_t batch, std::size_t head, bool with_gradient) const;
  void unpack_gradients(std::int64_t first, std::int64_t count);
  [[nodiscard]] kernels::ScanShape scan_shape(std::int64_t batch) const;
  [[nodiscard]] kernels::ScanInputs<T> scan_inputs(std::size_t index) const;

  Capacity capacity_;
  config::Integers horizons_;
  Dimensions dims_;
  Weights<T> weights_;
  std::vector<train::GradientBucket> buckets_;
  at::Tensor x_, padded_, gradient_;
  model::WeightsOf<at::Tensor> gradients_;  ///< views of gradient_, of padded matrices those of padded_gradient_
  std::vector<Layer> layers_;               ///< n + 1 in training: the last holds the final norm's input
  at::Tensor u_, x_conv_, delta_, out_, mix_;
  at::Tensor hidden_pre_, hidden_, prediction_;
  // training only
  at::Tensor du_, dh_, dbranch_, dx_, ddelta_, dxz_, dx_dbl_, dprediction_, padded_gradient_, padded_segments_;
  std::int64_t largest_segment_ = 0, segments_ = 0;
  at::Tensor workspace_;
};

}  // namespace mambasynth::gpu
