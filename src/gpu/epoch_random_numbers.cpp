#include "gpu/epoch_random_numbers.hpp"

#include <algorithm>

#include "gpu/tensors.hpp"
#include "train/augment.hpp"

namespace mambasynth::gpu {

EpochRandomNumbers::EpochRandomNumbers(config::Train const& train, train::losses::Losses const& losses,
                                       train::losses::BatchShape const& batch, std::int64_t batches)
    : train_(train), losses_(losses), batch_(batch), batches_(batches) {
  if (train.aug_rotate) rotations_ = at::zeros({batches, batch.channels, batch.channels}, on_gpu(at::kFloat));
  if (train.aug_scale > 0) scales_ = at::zeros({batches, batch.windows}, on_gpu(at::kFloat));
  for (auto const& loss : losses_.auxiliary) {
    auto const one = loss->draw(batch, {0, 0});  // for its shape and type
    of_losses_.emplace_back();
    if (!one.defined()) continue;
    auto sizes = one.sizes().vec();
    sizes.insert(sizes.begin(), batches);
    of_losses_.back() = at::zeros(sizes, on_gpu(one.scalar_type()));
  }
}

void EpochRandomNumbers::draw(std::int64_t step, std::int64_t next_batch, std::int64_t windows) {
  auto const on_host = [](at::Tensor const& table) {
    return table.defined() ? at::zeros_like(table, table.options().device(at::kCPU)) : table;
  };
  auto const rotations = on_host(rotations_), scales = on_host(scales_);
  std::vector<at::Tensor> of_losses;
  for (auto const& table : of_losses_) of_losses.push_back(on_host(table));
  for (auto batch = next_batch; batch < batches_; ++batch, ++step) {
    train::PhiloxStream const draws(static_cast<std::uint64_t>(train_.seed), static_cast<std::uint64_t>(step));
    auto shape = batch_;
    shape.windows = std::min(batch_.windows, windows - batch * batch_.windows);
    if (shape.windows <= 0) break;
    if (rotations.defined()) rotations[batch].copy_(train::rotation(train_, batch_.channels, draws));
    if (scales.defined())
      scales[batch].narrow(0, 0, shape.windows).copy_(train::scales(train_, 0, shape.windows, draws));
    for (std::size_t i = 0; i < of_losses.size(); ++i)
      if (of_losses[i].defined()) of_losses[i][batch].copy_(losses_.auxiliary[i]->draw(shape, draws));
  }
  if (rotations.defined()) rotations_.copy_(rotations);
  if (scales.defined()) scales_.copy_(scales);
  for (std::size_t i = 0; i < of_losses.size(); ++i)
    if (of_losses[i].defined()) of_losses_[i].copy_(of_losses[i]);
}

}  // namespace mambasynth::gpu
