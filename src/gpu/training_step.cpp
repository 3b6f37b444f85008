#include "gpu/training_step.hpp"

#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <mutex>

#include "gpu/current_stream.hpp"
#include "gpu/tensors.hpp"
#include "kernels/cuda/windows.hpp"

namespace mambasynth::gpu {
namespace k = kernels;

namespace {

template <class Element>
at::Tensor to_device(std::vector<Element> const& values) {
  auto const size = static_cast<std::int64_t>(values.size() * sizeof(Element));
  return at::from_blob(const_cast<Element*>(values.data()), {size}, at::kByte).to(at::kCUDA);
}

static_assert(model::parameter_groups == static_cast<std::size_t>(k::cuda::parameter_groups));

/// Every parameter that is not in the first group, neighbors of one group joined.
std::vector<k::cuda::GroupRange> group_ranges(model::Network const& network) {
  std::vector<k::cuda::GroupRange> ranges;
  for (auto const& p : network.parameters()) {
    auto const group = static_cast<std::int64_t>(p.group), last = p.offset + p.tensor.numel();
    if (group == 0) continue;
    if (!ranges.empty() && ranges.back().last == p.offset && ranges.back().group == group) ranges.back().last = last;
    else ranges.push_back({p.offset, last, group});
  }
  return ranges;
}

/// Graphs come and go one at a time: LibTorch keeps a list of all of a process, without a lock.
std::mutex one_at_a_time;

/// A launch failed half-way: the stream takes no other work until the capture is ended, whose own error says nothing
/// new.
void leave_capture(at::cuda::CUDAGraph& graph) {
  try {
    graph.capture_end();
  } catch (std::exception const&) {
  }
  cudaGetLastError();
}

}  // namespace

template <class T>
TrainingStep<T>::TrainingStep(model::Network const& network, Room const& room, StepPlan plan, Note note, bool graphs)
    : engine_(network, {room.batch, room.time, room.training, Objective<T>::terms(plan.objective)}),
      plan_(std::move(plan)),
      note_(std::move(note)),
      graphs_(graphs) {
  if (plan_.batch_size == 0) plan_.batch_size = room.batch;
  if (!plan_.parts) plan_.parts = [](std::int64_t count) { return std::vector<train::Part>{{0, count}}; };
  auto const size = network.flat().numel();
  first_moment_ = at::zeros({size}, on_gpu(at::kFloat));
  second_moment_ = at::zeros({size}, on_gpu(at::kFloat));
  state_ = at::zeros({static_cast<std::int64_t>(sizeof(k::cuda::StepState))}, on_gpu(at::kByte));
  records_ = at::zeros({plan_.batches * static_cast<std::int64_t>(sizeof(k::cuda::StepRecord))}, on_gpu(at::kByte));
  auto const ranges = group_ranges(network);
  group_ranges_ = to_device(ranges);
  adamw_shape_ = {size, room.batch, engine_.window_sums().size(0), static_cast<std::int64_t>(ranges.size())};
  workspace_ = byte_array(k::cuda::adamw_workspace_bytes(adamw_shape_));
  if (Objective<T>::wanted(plan_.objective))
    objective_ =
        std::make_unique<Objective<T>>(plan_.objective,
                                       EpochDraws::Shape{plan_.batches, plan_.batch_size, room.time, network.channels(),
                                                         network.config().n_layers, network.config().d_model},
                                       room, state_);
}

template <class T>
void TrainingStep<T>::set_state(std::int64_t steps, std::int64_t batch, train::LearningRates const& lr) {
  std::vector<k::cuda::StepState> values(1);
  auto& value = values.front();
  value.step = static_cast<unsigned long long>(steps);
  value.batch = batch;
  std::transform(lr.all().begin(), lr.all().end(), value.lr, [](double rate) { return static_cast<float>(rate); });
  value.halted = state().halted;
  state_.copy_(to_device(values));
}

template <class T>
void TrainingStep<T>::begin(std::int64_t windows, std::int64_t batch, train::LearningRates const& lr) {
  auto const steps = static_cast<std::int64_t>(state().step);
  set_state(steps, batch, lr);
  if (objective_) objective_->begin(steps, batch, windows);
}

template <class T>
k::cuda::StepState TrainingStep<T>::state() const {
  auto const host = state_.cpu();
  return *static_cast<k::cuda::StepState const*>(host.const_data_ptr());
}

template <class T>
void TrainingStep<T>::gather(DeviceWindows const& windows, std::int64_t first, std::int64_t batch) {
  auto const& x = engine_.x();
  k::cuda::gather_windows<T>({batch, x.size(1), x.size(2), engine_.weights().width()}, data<float>(windows.series),
                             data<std::int64_t>(windows.starts) + first, batch, nullptr, data<float>(x),
                             data<T>(engine_.padded()), current_stream());
}

template <class T>
void TrainingStep<T>::launch_part(train::Part const& part, std::int64_t batch, bool first, bool last) {
  auto const& x = engine_.x();
  auto const* state = reinterpret_cast<k::cuda::StepState const*>(bytes(state_));
  auto const windows = part.last - part.first;
  bool const augmented = objective_ && objective_->augments();
  k::cuda::gather_windows<T>({windows, x.size(1), x.size(2), engine_.weights().width()}, data<float>(windows_.series),
                             data<std::int64_t>(windows_.starts) + part.first, plan_.batch_size, state,
                             data<float>(augmented ? objective_->raw() : x), data<T>(engine_.padded()),
                             current_stream());
  if (augmented) objective_->augment(engine_, part);
  typename Engine<T>::Dropout const draw{
      .p = plan_.dropout, .key = {plan_.seed, 0, 0}, .first_sample = part.first, .state = state};
  engine_.forward(windows, draw);
  auto const ready = [&](std::int64_t begin, std::int64_t end) {
    auto const stretch = engine_.gradient().narrow(0, begin, end - begin);
    if (!first) stretch.add_(gradient_so_far_.narrow(0, begin, end - begin));
    if (last && plan_.sum) plan_.sum->begin(data<float>(stretch), end - begin);
  };
  engine_.losses_and_backward(windows, draw, batch, ready,
                              objective_ ? objective_->pull(engine_, part, batch) : nullptr);
  if (!first) engine_.window_sums().add_(sums_so_far_);
  if (last) return;
  gradient_so_far_.copy_(engine_.gradient());
  sums_so_far_.copy_(engine_.window_sums());
}

/// A rank without a share of the batch adds nothing, but takes part in the sums.
template <class T>
void TrainingStep<T>::launch_nothing() {
  engine_.gradient().zero_();
  engine_.window_sums().zero_();
  if (plan_.sum)
    for (auto const& stretch : engine_.stretches())
      plan_.sum->begin(data<float>(engine_.gradient()) + stretch.first, stretch.last - stretch.first);
}

template <class T>
void TrainingStep<T>::launch_forward_and_backward(std::int64_t batch) {
  at::NoGradGuard const no_grad;
  auto const parts = plan_.parts(batch);
  if (parts.size() > 1 && !gradient_so_far_.defined()) {
    gradient_so_far_ = at::empty_like(engine_.gradient());
    sums_so_far_ = at::empty_like(engine_.window_sums());
  }
  for (std::size_t i = 0; i < parts.size(); ++i) launch_part(parts[i], batch, i == 0, i + 1 == parts.size());
  if (parts.empty()) launch_nothing();
  if (!plan_.sum) return;
  plan_.sum->begin(data<double>(engine_.window_sums()), engine_.window_sums().numel());
  plan_.sum->join();
}

template <class T>
void TrainingStep<T>::launch(std::int64_t batch) {
  launch_forward_and_backward(batch);
  constexpr auto settings = train::step_settings;
  auto const& flat = engine_.weights().flat();
  k::cuda::adamw_step(adamw_shape_,
                      {.lr = 0,
                       .beta1 = settings.beta1,
                       .beta2 = settings.beta2,
                       .eps = settings.epsilon,
                       .weight_decay = settings.weight_decay},
                      settings.clip_norm,
                      {.gradient = data<float>(engine_.gradient()),
                       .parameters = data<float>(flat),
                       .first_moment = data<float>(first_moment_),
                       .second_moment = data<float>(second_moment_),
                       .ranges = reinterpret_cast<k::cuda::GroupRange const*>(bytes(group_ranges_)),
                       .window_sums = data<double>(engine_.window_sums()),
                       .loss_weight = data<double>(loss_weights_.at(batch)),
                       .records = reinterpret_cast<k::cuda::StepRecord*>(bytes(records_)),
                       .state = reinterpret_cast<k::cuda::StepState*>(bytes(state_))},
                      bytes(workspace_), current_stream());
  engine_.weights().refresh();
}

template <class T>
void TrainingStep<T>::forget_graphs() {
  std::lock_guard const lock(one_at_a_time);
  captured_.clear();
}

template <class T>
void TrainingStep<T>::capture(std::int64_t batch) {
  // Outside the capture first: libraries make their handles and load their kernels at the first call. This changes
  // scratch arrays only.
  launch_forward_and_backward(batch);
  c10::cuda::getCurrentCUDAStream().synchronize();
  // Other threads of this process may train on the same card; their calls do not belong to this capture.
  std::lock_guard const lock(one_at_a_time);
  auto graph = std::make_unique<at::cuda::CUDAGraph>();
  bool capturing = false;
  try {
    // One pool for what is allocated while capturing: graphs run one after the other, and leave nothing in it.
    graph->capture_begin(captured_.empty() ? c10::MempoolId_t{0, 0} : captured_.begin()->second->pool(),
                         cudaStreamCaptureModeThreadLocal);
    capturing = true;
    launch(batch);
    capturing = false;
    graph->capture_end();
  } catch (std::exception const& error) {
    auto const* const ours = dynamic_cast<c10::Error const*>(&error);
    if (capturing) leave_capture(*graph);
    if (note_)
      note_(std::string("note: the training step could not be captured as a CUDA graph (") +
            (ours ? ours->what_without_backtrace() : error.what()) +
            "). Its kernels are launched one by one: slower, with the same results.");
    graphs_ = false;
    return;
  }
  captured_[batch] = std::move(graph);
}

template <class T>
void TrainingStep<T>::run(std::int64_t batch) {
  if (!loss_weights_.contains(batch)) {
    std::vector<double> weights;
    auto const& x = engine_.x();
    auto const& horizons = engine_.horizons();
    for (auto const horizon : horizons)
      weights.push_back(
          1 / (static_cast<double>(batch * (x.size(1) - horizon) * x.size(2)) * static_cast<double>(horizons.size())));
    if (objective_)
      for (auto const weight : objective_->weights(batch)) weights.push_back(weight);
    loss_weights_[batch] = to_device(weights);
  }
  if (graphs_ && !captured_.contains(batch)) capture(batch);
  auto const found = captured_.find(batch);
  if (found != captured_.end()) found->second->replay();
  else launch(batch);
}

template <class T>
std::vector<train::StepReport> TrainingStep<T>::reports(std::int64_t first, std::int64_t last) const {
  auto const host = records_.cpu();
  auto const* records = static_cast<k::cuda::StepRecord const*>(host.const_data_ptr());
  std::vector<train::StepReport> all;
  for (auto i = first; i < last; ++i) all.push_back({records[i].loss, records[i].gradient_norm});
  return all;
}

template <class T>
train::Snapshot TrainingStep<T>::snapshot() const {
  return {const_cast<Engine<T>&>(engine_).weights().flat().clone(), first_moment_.clone(), second_moment_.clone(),
          static_cast<std::int64_t>(state().step)};
}

template <class T>
void TrainingStep<T>::load(model::Network const& network, train::Optimizer const& optimizer) {
  engine_.weights().load(network);
  first_moment_.copy_(optimizer.first_moment());
  second_moment_.copy_(optimizer.second_moment());
}

template class TrainingStep<float>;
template class TrainingStep<kernels::BFloat16>;

}  // namespace mambasynth::gpu
