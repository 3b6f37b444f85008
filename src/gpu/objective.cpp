#include "gpu/objective.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "gpu/current_stream.hpp"
#include "gpu/tensors.hpp"
#include "kernels/augment.hpp"
#include "kernels/cuda/step_state.hpp"
#include "train/losses/mean_squared_error.hpp"

namespace mambasynth::gpu {
namespace k = kernels;
namespace losses = train::losses;
namespace {

/// Scratch memory for the closed forms of losses, allocated outside of a captured step: each graph keeps its own pool.
at::Tensor loss_workspace(std::vector<losses::Loss const*> const& all, losses::BatchShape const& batch) {
  std::int64_t most = 0;
  for (auto const* loss : all) most = std::max(most, loss->workspace_bytes(batch));
  return byte_array(static_cast<std::size_t>(most));
}

/// The hook that writes a loss in closed form: row `head` of `sums` (horizon, b), and the gradient times
/// factors[head].
PredictionHook closed_form_of(losses::PredictionLoss const& loss, at::Tensor const& workspace, at::Tensor const& sums,
                              std::vector<double> const& factors) {
  return [&loss, workspace, sums, factors](std::size_t head, losses::HeadOutput output) {
    output.workspace = workspace;
    loss.write_gradient(output, factors[head], sums[static_cast<std::int64_t>(head)]);
  };
}

}  // namespace

template <class T>
Objective<T>::Objective(config::Train const& train, losses::BatchShape batch, std::int64_t batches,
                        Capacity const& capacity, at::Tensor const& state)
    : train_(train),
      losses_(losses::losses_of(train)),
      batch_(std::move(batch)),
      random_numbers_(train, losses_, batch_, batches),
      state_(state) {
  if (train.augments()) raw_ = at::empty({capacity.batch, capacity.time, batch_.channels}, on_gpu(at::kFloat));
  auto const rows = static_cast<std::int64_t>(factors(batch_.windows).size());
  window_sums_ = at::zeros({rows, capacity.batch}, on_gpu(at::kDouble));
  std::vector<losses::Loss const*> all{losses_.prediction.get()};
  for (auto const& loss : losses_.auxiliary) all.push_back(loss.get());
  workspace_ = loss_workspace(all, shape_of(capacity.batch));
}

template <class T>
void Objective<T>::augment(Engine<T> const& engine, train::MicroBatch const& micro_batch) const {
  auto const& x = engine.x();
  auto const table = [](at::Tensor const& t) { return t.defined() ? data<float const>(t) : nullptr; };
  auto const* const scales = table(random_numbers_.scales());
  k::cuda::augment<T>({micro_batch.last - micro_batch.first, batch_.time, batch_.channels, engine.padded().size(1)},
                      {.rotation = table(random_numbers_.rotations()),
                       .scale = scales != nullptr ? scales + micro_batch.first : nullptr,
                       .noise = train_.aug_noise,
                       .seed = static_cast<std::uint64_t>(train_.seed),
                       .first_sample = micro_batch.first,
                       .batch_size = batch_.windows,
                       .state = reinterpret_cast<k::cuda::StepState const*>(bytes(state_))},
                      data<float>(raw_), data<float>(x), data<T>(engine.padded()), current_stream());
}

template <class T>
losses::BatchShape Objective<T>::shape_of(std::int64_t windows) const {
  auto shape = batch_;
  shape.windows = windows;
  return shape;
}

template <class T>
std::vector<double> Objective<T>::factors(std::int64_t batch) const {
  auto const shape = shape_of(batch);
  std::vector<double> all;
  auto const add = [&](losses::Loss const& loss) {
    for (std::int64_t row = 0; row < loss.rows(shape); ++row) all.push_back(loss.factor(shape, row));
  };
  add(*losses_.prediction);
  for (auto const& loss : losses_.auxiliary) add(*loss);
  return all;
}

template <class T>
LossHooks Objective<T>::begin_micro_batch(train::MicroBatch const& micro_batch, std::int64_t batch) const {
  // A short batch leaves the end of each row untouched, and the optimizer sums all of it.
  window_sums_.zero_();
  auto const windows = micro_batch.last - micro_batch.first;
  auto const sums = window_sums_.narrow(1, 0, windows);
  auto const factor = factors(batch);
  LossHooks hooks;
  hooks.prediction = closed_form_of(*losses_.prediction, workspace_, sums, factor);
  if (losses_.auxiliary.empty()) return hooks;

  // The batch's number as the device has it when the step runs.
  static_assert(offsetof(k::cuda::StepState, batch) == sizeof(std::int64_t) &&
                sizeof(k::cuda::StepState) % sizeof(std::int64_t) == 0);
  auto const number = state_.view(at::kLong).narrow(0, 1, 1);
  std::vector<at::Tensor> drawn;
  for (auto const& table : random_numbers_.of_losses())
    drawn.push_back(table.defined() ? table.index_select(0, number).squeeze(0) : table);
  hooks.layer = [this, windows, sums, factor, drawn](std::int64_t layer, at::Tensor const& h, at::Tensor const& dh) {
    auto const by_window = [&](at::Tensor const& t) { return t.view({windows, batch_.time, batch_.features}); };
    auto row = losses_.prediction->rows(batch_);
    for (std::size_t i = 0; i < losses_.auxiliary.size(); ++i) {
      losses_.auxiliary[i]->add_gradient({.h = by_window(h),
                                          .dh = by_window(dh),
                                          .drawn = drawn[i].defined() ? drawn[i][layer] : drawn[i],
                                          .workspace = workspace_,
                                          .stream = current_stream()},
                                         factor[static_cast<std::size_t>(row)], sums[row]);
      row += losses_.auxiliary[i]->rows(batch_);
    }
  };
  return hooks;
}

template <class T>
void sum_squared_errors(Engine<T>& engine, std::int64_t batch, at::Tensor const& window_sums) {
  losses::MeanSquaredError const metric;
  auto const& x = engine.x();
  auto const workspace = loss_workspace(
      {&metric}, {.windows = batch, .time = x.size(1), .channels = x.size(2), .horizons = engine.horizons()});
  std::vector<double> const unused(engine.horizons().size(), 0.0);  // no gradient is wanted
  engine.evaluate(batch, closed_form_of(metric, workspace, window_sums.narrow(1, 0, batch), unused));
}

template class Objective<float>;
template class Objective<kernels::BFloat16>;
template void sum_squared_errors(Engine<float>&, std::int64_t, at::Tensor const&);
template void sum_squared_errors(Engine<kernels::BFloat16>&, std::int64_t, at::Tensor const&);

}  // namespace mambasynth::gpu
