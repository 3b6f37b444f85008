#include "gpu/objective.hpp"

#include <cstddef>

#include "gpu/current_stream.hpp"
#include "gpu/tensors.hpp"
#include "kernels/augment.hpp"
#include "kernels/cuda/step_state.hpp"
#include "kernels/slowness.hpp"
#include "train/auxiliary.hpp"

namespace mambasynth::gpu {
namespace k = kernels;

template <class T>
Objective<T>::Objective(config::Train const& train, EpochDraws::Shape const& shape, Room const& room,
                        at::Tensor const& state)
    : train_(train), shape_(shape), draws_(train, shape), state_(state) {
  if (train.augments()) raw_ = at::empty({room.batch, room.time, shape.channels}, on_gpu(at::kFloat));
  if (train.slowness_lambda > 0)
    workspace_ = byte_array(k::cuda::slowness_workspace_bytes({room.batch, room.time, shape.features}));
}

template <class T>
bool Objective<T>::wanted(config::Train const& train) {
  return terms(train) > 0 || train.augments();
}

template <class T>
std::int64_t Objective<T>::terms(config::Train const& train) {
  return (train.slowness_lambda > 0 ? 1 : 0) + (train.contrastive_lambda > 0 ? 1 : 0);
}

template <class T>
void Objective<T>::augment(Engine<T> const& engine, train::Part const& part) const {
  auto const& x = engine.x();
  auto const table = [](at::Tensor const& t) { return t.defined() ? data<float const>(t) : nullptr; };
  auto const* const scales = table(draws_.scales());
  k::cuda::augment<T>({part.last - part.first, shape_.time, shape_.channels, engine.padded().size(1)},
                      {.rotation = table(draws_.rotations()),
                       .scale = scales != nullptr ? scales + part.first : nullptr,
                       .noise = train_.aug_noise,
                       .seed = static_cast<std::uint64_t>(train_.seed),
                       .first_sample = part.first,
                       .batch_size = shape_.batch_size,
                       .state = reinterpret_cast<k::cuda::StepState const*>(bytes(state_))},
                      data<float>(raw_), data<float>(x), data<T>(engine.padded()), current_stream());
}

template <class T>
std::vector<double> Objective<T>::weights(std::int64_t of) const {
  auto const steps = static_cast<double>(shape_.layers * of * (shape_.time - 1));
  std::vector<double> all;
  if (train_.slowness_lambda > 0)
    all.push_back(train_.slowness_lambda / (steps * static_cast<double>(shape_.features)));
  if (train_.contrastive_lambda > 0) all.push_back(train_.contrastive_lambda / steps);
  return all;
}

template <class T>
typename Engine<T>::Pull Objective<T>::pull(Engine<T> const& engine, train::Part const& part, std::int64_t of) const {
  if (terms(train_) == 0) return {};
  auto const windows = part.last - part.first;
  at::Tensor negatives;
  if (train_.contrastive_lambda > 0) {
    // The batch's number as the device has it when the step runs.
    static_assert(offsetof(k::cuda::StepState, batch) == sizeof(std::int64_t) &&
                  sizeof(k::cuda::StepState) % sizeof(std::int64_t) == 0);
    negatives = draws_.negatives().index_select(0, state_.view(at::kLong).narrow(0, 1, 1)).squeeze(0);
  }
  auto const row = static_cast<std::int64_t>(engine.horizons().size());
  return [this, windows, negatives, row, weight = weights(of), sums = engine.window_sums()](
             std::int64_t layer, at::Tensor const& h, at::Tensor const& dh) {
    auto const sums_of = [&](std::int64_t term) { return sums[row + term].narrow(0, 0, windows); };
    if (train_.slowness_lambda > 0)
      k::cuda::slowness<T>({windows, shape_.time, shape_.features}, weight.front(),
                           {data<T const>(h), data<T>(dh), data<double>(sums_of(0))}, bytes(workspace_),
                           current_stream());
    if (!negatives.defined()) return;
    auto const by_window = [&](at::Tensor const& t) { return t.view({windows, shape_.time, shape_.features}); };
    train::add_contrastive(by_window(h), negatives[layer], train_.contrastive_temp, weight.back(),
                           sums_of(terms(train_) - 1), by_window(dh));
  };
}

template class Objective<float>;
template class Objective<kernels::BFloat16>;

}  // namespace mambasynth::gpu
