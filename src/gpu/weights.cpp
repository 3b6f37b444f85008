#include "gpu/weights.hpp"

#include <algorithm>

#include "gpu/current_stream.hpp"
#include "gpu/tensors.hpp"

namespace mambasynth::gpu {
namespace k = kernels;

namespace {
// Every packed matrix begins on a boundary that the widest loads of a GEMM take.
constexpr std::int64_t alignment = 64;
std::int64_t round_up(std::int64_t value) { return (value + alignment - 1) / alignment * alignment; }
}  // namespace

MatrixSize padded_size(model::Parameter const& matrix, std::int64_t width) {
  return {matrix.channel_axis == 0 ? width : matrix.tensor.size(0),
          matrix.channel_axis == 1 ? width : matrix.tensor.size(1)};
}

template <class T>
Weights<T>::Weights(model::Network const& network) : width_(padded_channels(network.channels())) {
  auto const& config = network.config();
  flat_ = at::empty({network.flat().numel()}, on_gpu(at::kFloat));
  std::int64_t total = 0;
  for (auto const& p : network.parameters())
    if (p.role == model::Role::matmul) total += round_up(padded_size(p, width_).count());
  packed_ = at::empty({total}, on_gpu(dtype_of<T>()));
  views_ = network.weights_as(
      [&](model::Parameter const& p) { return p.role == model::Role::matmul ? pack(p) : p.view_of(flat_); });
  auto const size = static_cast<std::int64_t>(list_.size() * sizeof(k::cuda::Segment));
  segments_ = at::from_blob(list_.data(), {size}, at::kByte).to(at::kCUDA);
  // Every layer has the same weights in the same order, so that all A_log are equally far apart.
  A_ = at::empty({config.n_layers, config.d_inner(), config.d_state}, on_gpu(at::kFloat));
  auto const offset_of = [&](std::size_t layer) { return views_.layers[layer].mixer.A_log.storage_offset(); };
  A_log_batch_ = {config.n_layers, config.d_inner() * config.d_state,
                  config.n_layers > 1 ? offset_of(1) - offset_of(0) : 0};
  load(network);
}

template <class T>
at::Tensor Weights<T>::pack(model::Parameter const& p) {
  auto const size = padded_size(p, width_);
  list_.push_back({p.offset, used_, p.tensor.size(0), p.tensor.size(1), size.rows, size.columns});
  auto view = packed_.narrow(0, used_, size.count()).view({size.rows, size.columns});
  largest_ = std::max(largest_, size.count());
  used_ += round_up(size.count());
  return view;
}

template <class T>
float const* Weights<T>::A(std::size_t layer) const {
  return data<float>(A_) + static_cast<std::int64_t>(layer) * A_log_batch_.count;
}

template <class T>
void Weights<T>::load(model::Network const& network) {
  at::NoGradGuard const no_grad;
  flat_.copy_(network.flat());
  refresh();
}

template <class T>
void Weights<T>::refresh() {
  auto const stream = current_stream();
  k::cuda::pack<T>(reinterpret_cast<k::cuda::Segment const*>(bytes(segments_)), static_cast<std::int64_t>(list_.size()),
                   largest_, data<float>(flat_), data<T>(packed_), stream);
  k::cuda::negative_exp(A_log_batch_, data<float>(layers().front().mixer.A_log), data<float>(A_), stream);
}

template class Weights<float>;
template class Weights<kernels::BFloat16>;

}  // namespace mambasynth::gpu
