#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "kernels/cuda/stream.hpp"
#include "train/philox_stream.hpp"

// axes: b window, t time step, c channel, f feature (d_model)
namespace mambasynth::train::losses {

/// What losses average over: the windows of a whole batch, on all ranks, and the sizes of a window and of the network.
struct BatchShape {
  std::int64_t windows = 0, time = 0, channels = 0, layers = 0, features = 0;
  config::Integers horizons = {};
};

/// One term of the objective, on every device: its value in the graph for autograd, and its closed form, which is sums
/// over each window and their gradient, for training without autograd. A loss is weight() times a mean over groups
/// (horizons, layers) of a mean over the batch's windows and over the elements of each.
class Loss {
 public:
  virtual ~Loss() = default;
  Loss(Loss const&) = delete;
  Loss& operator=(Loss const&) = delete;

  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] double weight() const { return weight_; }

  /// Scratch memory of the closed form on a GPU, for micro-batches of at most batch.windows; 0: none.
  [[nodiscard]] virtual std::int64_t workspace_bytes(BatchShape const&) const { return 0; }
  /// Rows of window sums that the closed form fills.
  [[nodiscard]] virtual std::int64_t rows(BatchShape const& batch) const = 0;
  /// weight() times the weight of a row's sums in the closed form: the weighted loss of a batch is
  /// sum over rows of factor(row) times the sum over windows of window_sums[row, b].
  [[nodiscard]] double factor(BatchShape const& batch, std::int64_t row) const;

 protected:
  Loss(std::string name, double weight) : name_(std::move(name)), weight_(weight) {}

 private:
  /// Elements of a window that a row sums over.
  [[nodiscard]] virtual std::int64_t elements(BatchShape const& batch, std::int64_t row) const = 0;
  /// Means that the loss averages.
  [[nodiscard]] virtual std::int64_t groups(BatchShape const& batch) const = 0;

  std::string name_;
  double weight_;
};

/// What one head predicts of b windows, and where the gradient goes.
struct HeadOutput {
  std::int64_t horizon = 0;
  at::Tensor prediction;                   ///< (b, t, width) without the bias; channels first, then padding
  at::Tensor bias;                         ///< (c)
  at::Tensor x;                            ///< (b, t, c) targets
  at::Tensor dprediction;                  ///< (b, t, width), fp64, fp32 or bf16; undefined: no gradient is needed
  at::Tensor dbias;                        ///< (c); defined where dprediction is
  at::Tensor workspace = {};               ///< on a GPU, workspace_bytes() of memory
  kernels::cuda::Stream stream = nullptr;  ///< on a GPU, LibTorch's current stream
};

/// A loss of the predictions: mean over horizons of the mean over windows, steps and channels of an error of
/// prediction[b,t,c] - x[b,t+horizon,c]. errors() and slopes() define it; a loss with its own kernel also overrides
/// write_gradient().
class PredictionLoss : public Loss {
 public:
  /// In the graph, without the weight. `predictions`: (b, t, c) each; `x` (b, t, c).
  [[nodiscard]] at::Tensor value(std::vector<at::Tensor> const& predictions, at::Tensor const& x,
                                 config::Integers const& horizons) const;

  /// The closed form for one head: writes the sums of each window's errors to `window_sums` (b) fp64, and the gradient
  /// of factor sum_b window_sums[b] to dprediction (0 for the last `horizon` steps and in the padding) and dbias. On a
  /// GPU it only launches kernels, so a CUDA graph can capture it.
  virtual void write_gradient(HeadOutput const& head, double factor, at::Tensor const& window_sums) const;

  /// (b): the loss of each window without the weight, from sums (horizon, b) fp64 on the host.
  [[nodiscard]] std::vector<double> of_windows(at::Tensor const& window_sums, BatchShape const& batch) const;

  [[nodiscard]] std::int64_t rows(BatchShape const& batch) const final;

 protected:
  using Loss::Loss;

 private:
  /// Of each element of a difference, and its derivative.
  [[nodiscard]] virtual at::Tensor errors(at::Tensor const& difference) const = 0;
  [[nodiscard]] virtual at::Tensor slopes(at::Tensor const& difference) const = 0;
  [[nodiscard]] std::int64_t elements(BatchShape const& batch, std::int64_t row) const final;
  [[nodiscard]] std::int64_t groups(BatchShape const& batch) const final;
};

/// prediction[b,t,c] - x[b,t+horizon,c] for the steps that have a target.
at::Tensor difference(at::Tensor const& prediction, at::Tensor const& x, std::int64_t horizon);

/// The residual stream of b windows after one layer, and where the gradient is added.
struct LayerStream {
  at::Tensor h, dh;                        ///< (b, t, f) contiguous, t >= 2; fp64, fp32 or bf16
  at::Tensor drawn;                        ///< the layer's part of draw()
  at::Tensor workspace = {};               ///< on a GPU, workspace_bytes() of memory
  kernels::cuda::Stream stream = nullptr;  ///< on a GPU, LibTorch's current stream
};

/// A loss of the residual streams: mean over the layers of a loss of each layer.
class AuxiliaryLoss : public Loss {
 public:
  /// In the graph, without the weight. `layers`: the residual stream after each layer, (b, t, f); `drawn`: draw().
  [[nodiscard]] at::Tensor value(std::vector<at::Tensor> const& layers, at::Tensor const& drawn) const;

  /// The closed form for one layer: adds each window's sum to `window_sums` (b) fp64, and the gradient of
  /// factor sum_b window_sums[b] to dh, rounded once. On a GPU it only launches kernels, so a CUDA graph can capture
  /// it. Bit-identical in every run.
  virtual void add_gradient(LayerStream const& layer, double factor, at::Tensor const& window_sums) const = 0;

  /// Random numbers of one step, (layer, ...) on the host, of the same shape for any number of windows; undefined:
  /// none.
  [[nodiscard]] virtual at::Tensor draw(BatchShape const&, PhiloxStream const&) const { return {}; }

  [[nodiscard]] std::int64_t rows(BatchShape const&) const final { return 1; }

  /// Whether add_gradient() changes settings of LibTorch that hold for the whole process while it launches, so that no
  /// other training may run in it.
  [[nodiscard]] virtual bool needs_own_process() const { return false; }

 protected:
  using Loss::Loss;

 private:
  [[nodiscard]] virtual at::Tensor layer_value(at::Tensor const& h, at::Tensor const& drawn) const = 0;
  [[nodiscard]] std::int64_t groups(BatchShape const& batch) const final { return batch.layers; }
};

}  // namespace mambasynth::train::losses
