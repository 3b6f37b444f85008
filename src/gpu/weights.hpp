#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "kernels/cuda/parameters.hpp"
#include "model/network.hpp"

namespace mambasynth::gpu {

/// A network's parameters on the GPU: the flat fp32 array in the host's order, and beside it what the kernels and GEMMs
/// take, in T (float or kernels::BFloat16), padded where a row of `channels` is too narrow for them.
template <class T>
class Weights {
 public:
  explicit Weights(model::Network const& network);

  struct Layer {
    float const *norm_weight, *norm_bias, *D, *conv_weight, *conv_bias, *dt_bias;
    at::Tensor A;                                   ///< (d, n) fp32, -exp(A_log): a view of A()
    at::Tensor in_proj, x_proj, dt_proj, out_proj;  ///< T, (out, in)
  };
  struct Head {
    at::Tensor weight0, weight2;  ///< T, (d_ff, f) and (width, d_ff)
    float const *bias0, *bias2;
  };
  /// Elements of a row of channels as the GEMMs take it.
  [[nodiscard]] std::int64_t width() const { return width_; }
  [[nodiscard]] at::Tensor const& flat() const { return flat_; }
  [[nodiscard]] at::Tensor const& input_weight() const { return input_weight_; }  ///< T, (f, width)
  [[nodiscard]] float const* input_bias() const { return input_bias_; }
  [[nodiscard]] float const* final_weight() const { return final_weight_; }
  [[nodiscard]] float const* final_bias() const { return final_bias_; }
  /// (layer, d, n) fp32, and where each layer's A_log lies in flat().
  [[nodiscard]] at::Tensor const& A() const { return A_; }
  [[nodiscard]] kernels::cuda::PartShape const& A_log_parts() const { return A_log_parts_; }
  [[nodiscard]] std::int64_t A_log_offset() const { return A_log_offset_; }
  [[nodiscard]] std::vector<Layer> const& layers() const { return layers_; }
  [[nodiscard]] std::vector<Head> const& heads() const { return heads_; }

  /// Copies the host's parameters here.
  void load(model::Network const& network);
  /// Derived copies from the flat array; after every change of it.
  void refresh();

 private:
  at::Tensor add(model::Parameter const& parameter, std::int64_t padded_rows, std::int64_t padded_columns);
  std::int64_t width_;
  at::Tensor flat_, packed_, segments_;
  std::vector<kernels::cuda::Segment> list_;
  std::int64_t largest_ = 0, used_ = 0;
  at::Tensor A_;
  kernels::cuda::PartShape A_log_parts_{};
  std::int64_t A_log_offset_ = 0;
  at::Tensor input_weight_;
  float const *input_bias_, *final_weight_, *final_bias_;
  std::vector<Layer> layers_;
  std::vector<Head> heads_;
};

/// Channels rounded up to what tensor cores take without a slow path.
inline std::int64_t padded_channels(std::int64_t channels) { return (channels + 7) / 8 * 8; }

}  // namespace mambasynth::gpu
