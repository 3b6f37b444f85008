#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "kernels/cuda/parameters.hpp"
#include "model/network.hpp"

namespace mambasynth::gpu {

/// A network's weights on the GPU: the flat fp32 array in the host's order, and the copies that matrix products
/// read, in T (float or kernels::BFloat16).
template <class T>
class Weights {
 public:
  explicit Weights(model::Network const& network);

  /// Columns of a row of channels as the matrix products read it.
  [[nodiscard]] std::int64_t width() const { return width_; }
  [[nodiscard]] at::Tensor const& flat() const { return flat_; }
  /// Role::matmul: (out, in) in T, channels padded to width(). Role::kernel: views of flat().
  [[nodiscard]] model::WeightsOf<at::Tensor> const& views() const { return views_; }
  [[nodiscard]] std::vector<model::LayerOf<at::Tensor>> const& layers() const { return views_.layers; }
  /// (d, n) fp32, -exp(A_log) of one layer.
  [[nodiscard]] float const* A(std::size_t layer) const;

  /// Copies the host's parameters here.
  void load(model::Network const& network);
  /// Updates the derived copies; call after every change of the flat array.
  void refresh();

 private:
  /// Space in packed_ for a matrix, and the segment that refresh() copies there.
  at::Tensor pack(model::Parameter const& parameter);
  std::int64_t width_;
  at::Tensor flat_, packed_, segments_;
  std::vector<kernels::cuda::Segment> list_;
  std::int64_t largest_ = 0, used_ = 0;
  model::WeightsOf<at::Tensor> views_;
  at::Tensor A_;  ///< (layer, d, n)
  kernels::cuda::StridedBatch A_log_batch_{};
};

/// Channels rounded up to what tensor cores take without a slow path.
inline std::int64_t padded_channels(std::int64_t channels) { return (channels + 7) / 8 * 8; }

/// Rows and columns of a matrix with its channels padded to `width`.
struct MatrixSize {
  std::int64_t rows, columns;
  [[nodiscard]] std::int64_t count() const { return rows * columns; }
};
MatrixSize padded_size(model::Parameter const& matrix, std::int64_t width);
/// Whether padding changes its size.
inline bool is_padded(model::Parameter const& p) { return p.role == model::Role::matmul && p.channel_axis >= 0; }

}  // namespace mambasynth::gpu
