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

/// Every parameter that is not in the first group, with adjacent ones of a group merged.
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

/// Held while a graph is made or dropped: LibTorch keeps a list of a process's graphs without a lock.
std::mutex graphs_mutex;

/// After a failed launch: the stream takes no other work until the capture has ended. Its own error adds nothing.
void abort_capture(at::cuda::CUDAGraph& graph) {
  try {
    graph.capture_end();
  } catch (std::exception const&) {
  }
  cudaGetLastError();
}

}  // namespace

template <class T>
TrainingStep<T>::TrainingStep(model::Network const& network, Capacity const& capacity, StepPlan plan, Note note,
                              bool graphs)
    : engine_(network, capacity), plan_(std::move(plan)), note_(std::move(note)), graphs_(graphs) {
  if (plan_.batch_size == 0) plan_.batch_size = capacity.batch;
  if (!plan_.micro_batches)
    plan_.micro_batches = [](std::int64_t count) { return std::vector<train::MicroBatch>{{0, count}}; };
  auto const size = network.flat().numel();
  first_moment_ = at::zeros({size}, on_gpu(at::kFloat));
  second_moment_ = at::zeros({size}, on_gpu(at::kFloat));
  state_ = at::zeros({static_cast<std::int64_t>(sizeof(k::cuda::StepState))}, on_gpu(at::kByte));
  records_ = at::zeros({plan_.batches * static_cast<std::int64_t>(sizeof(k::cuda::StepRecord))}, on_gpu(at::kByte));
  objective_ = std::make_unique<Objective<T>>(plan_.objective,
                                              train::losses::batch_shape(network, plan_.batch_size, capacity.time),
                                              plan_.batches, capacity, state_);
  auto const ranges = group_ranges(network);
  group_ranges_ = to_device(ranges);
  adamw_shape_ = {size, capacity.batch, objective_->window_sums().size(0), static_cast<std::int64_t>(ranges.size())};
  workspace_ = byte_array(k::cuda::adamw_workspace_bytes(adamw_shape_));
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
  objective_->begin_epoch(steps, batch, windows);
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
void TrainingStep<T>::launch_micro_batch(train::MicroBatch const& micro_batch, std::int64_t batch, bool first,
                                         bool last) {
  auto const& x = engine_.x();
  auto const* state = reinterpret_cast<k::cuda::StepState const*>(bytes(state_));
  auto const windows = micro_batch.last - micro_batch.first;
  bool const augmented = objective_->augments();
  k::cuda::gather_windows<T>({windows, x.size(1), x.size(2), engine_.weights().width()}, data<float>(windows_.series),
                             data<std::int64_t>(windows_.starts) + micro_batch.first, plan_.batch_size, state,
                             data<float>(augmented ? objective_->raw() : x), data<T>(engine_.padded()),
                             current_stream());
  if (augmented) objective_->augment(engine_, micro_batch);
  typename Engine<T>::Dropout const draw{
      .p = plan_.dropout, .key = {plan_.seed, 0, 0}, .first_sample = micro_batch.first, .state = state};
  engine_.forward(windows, draw);
  auto const ready = [&](std::int64_t begin, std::int64_t end) {
    auto const bucket = engine_.gradient().narrow(0, begin, end - begin);
    if (!first) bucket.add_(gradient_so_far_.narrow(0, begin, end - begin));
    if (last && plan_.sum) plan_.sum->begin(data<float>(bucket), end - begin);
  };
  engine_.backward(windows, draw, objective_->begin_micro_batch(micro_batch, batch), ready);
  auto const& sums = objective_->window_sums();
  if (!first) sums.add_(sums_so_far_);
  if (last) return;
  gradient_so_far_.copy_(engine_.gradient());
  sums_so_far_.copy_(sums);
}

/// A rank without a share of the batch adds nothing, but takes part in the sums.
template <class T>
void TrainingStep<T>::launch_nothing() {
  engine_.gradient().zero_();
  objective_->window_sums().zero_();
  if (!plan_.sum) return;
  for (auto const& bucket : engine_.buckets())
    plan_.sum->begin(data<float>(engine_.gradient()) + bucket.first, bucket.last - bucket.first);
}

template <class T>
void TrainingStep<T>::launch_forward_and_backward(std::int64_t batch) {
  at::NoGradGuard const no_grad;
  auto const micro_batches = plan_.micro_batches(batch);
  auto const& sums = objective_->window_sums();
  if (micro_batches.size() > 1 && !gradient_so_far_.defined()) {
    gradient_so_far_ = at::empty_like(engine_.gradient());
    sums_so_far_ = at::empty_like(sums);
  }
  for (std::size_t i = 0; i < micro_batches.size(); ++i)
    launch_micro_batch(micro_batches[i], batch, i == 0, i + 1 == micro_batches.size());
  if (micro_batches.empty()) launch_nothing();
  if (!plan_.sum) return;
  plan_.sum->begin(data<double>(sums), sums.numel());
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
                       .window_sums = data<double>(objective_->window_sums()),
                       .loss_weight = data<double>(loss_factors_.at(batch)),
                       .records = reinterpret_cast<k::cuda::StepRecord*>(bytes(records_)),
                       .state = reinterpret_cast<k::cuda::StepState*>(bytes(state_))},
                      bytes(workspace_), current_stream());
  engine_.weights().refresh();
}

template <class T>
void TrainingStep<T>::forget_graphs() {
  std::lock_guard const lock(graphs_mutex);
  captured_.clear();
}

template <class T>
void TrainingStep<T>::capture(std::int64_t batch) {
  // First without capturing: libraries create handles and load kernels at the first call. This changes only scratch
  // arrays.
  launch_forward_and_backward(batch);
  c10::cuda::getCurrentCUDAStream().synchronize();
  // Other threads of this process may train on the same card; their calls are not part of this capture.
  std::lock_guard const lock(graphs_mutex);
  auto graph = std::make_unique<at::cuda::CUDAGraph>();
  bool capturing = false;
  try {
    // One pool for all that is allocated during captures: graphs run one after the other and keep nothing in it.
    using Pool = decltype(graph->pool());  // a type whose namespace depends on LibTorch's version
    graph->capture_begin(captured_.empty() ? Pool{0, 0} : captured_.begin()->second->pool(),
                         cudaStreamCaptureModeThreadLocal);
    capturing = true;
    launch(batch);
    capturing = false;
    graph->capture_end();
  } catch (std::exception const& error) {
    auto const* const ours = dynamic_cast<c10::Error const*>(&error);
    if (capturing) abort_capture(*graph);
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
  if (!loss_factors_.contains(batch)) loss_factors_[batch] = to_device(objective_->factors(batch));
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
