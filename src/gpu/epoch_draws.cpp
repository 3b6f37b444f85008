#include "gpu/epoch_draws.hpp"

#include <algorithm>

#include "gpu/tensors.hpp"
#include "train/augment.hpp"
#include "train/objective.hpp"

namespace mambasynth::gpu {

EpochDraws::EpochDraws(config::Train const& train, Shape const& shape) : train_(train), shape_(shape) {
  auto const& s = shape;
  if (train.aug_rotate) rotations_ = at::zeros({s.batches, s.channels, s.channels}, on_gpu(at::kFloat));
  if (train.aug_scale > 0) scales_ = at::zeros({s.batches, s.batch_size}, on_gpu(at::kFloat));
  if (train.contrastive_lambda > 0)
    negatives_ = at::zeros({s.batches, s.layers, train.contrastive_negatives}, on_gpu(at::kLong));
}

void EpochDraws::draw(std::int64_t step, std::int64_t next_batch, std::int64_t windows) {
  auto const on_host = [](at::Tensor const& table) {
    return table.defined() ? at::zeros_like(table, table.options().device(at::kCPU)) : table;
  };
  auto const rotations = on_host(rotations_), scales = on_host(scales_), negatives = on_host(negatives_);
  for (auto batch = next_batch; batch < shape_.batches; ++batch, ++step) {
    train::Draws const draws(static_cast<std::uint64_t>(train_.seed), static_cast<std::uint64_t>(step));
    auto const count = std::min(shape_.batch_size, windows - batch * shape_.batch_size);
    if (count <= 0) break;
    if (rotations.defined()) rotations[batch].copy_(train::rotation(train_, shape_.channels, draws));
    if (scales.defined()) scales[batch].narrow(0, 0, count).copy_(train::scales(train_, 0, count, draws));
    if (!negatives.defined()) continue;
    auto const rows = train::drawn_negatives(static_cast<std::size_t>(shape_.layers), train_.contrastive_negatives,
                                             count * shape_.time, draws);
    negatives[batch].copy_(at::stack(rows));
  }
  if (rotations.defined()) rotations_.copy_(rotations);
  if (scales.defined()) scales_.copy_(scales);
  if (negatives.defined()) negatives_.copy_(negatives);
}

}  // namespace mambasynth::gpu
