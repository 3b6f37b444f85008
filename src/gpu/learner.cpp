#include "gpu/learner.hpp"

#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <optional>

#include "gpu/device.hpp"
#include "gpu/tensors.hpp"
#include "gpu/training_step.hpp"
#include "train/losses/mean_squared_error.hpp"

namespace mambasynth::gpu {
namespace {

/// Steps that may be queued ahead: enough to hide the launches, few enough that a stop takes effect soon.
constexpr std::int64_t most_queued = 8;

/// One per thread: LibTorch keeps freed memory for the stream that used it, so the next trial on this thread can reuse
/// it. With a new stream, it could not.
c10::cuda::CUDAStream own_stream() {
  thread_local std::optional<c10::cuda::CUDAStream> kept;
  if (!kept || kept->device_index() != c10::cuda::current_device()) kept = c10::cuda::getStreamFromPool();
  return *kept;
}

template <class T>
class GpuLearner final : public train::Learner {
 public:
  GpuLearner(train::LearnerContext const& context, typename TrainingStep<T>::Note note, bool graphs)
      : context_(context),
        batch_size_(context.trial.train.batch_size),
        stream_(own_stream()),
        guard_(stream_),
        sum_(context.group.size() == 1 ? nullptr : std::make_unique<AllReduce>(context.group)),
        step_(context.network, capacity_of(context), plan_of(context, sum_.get()), std::move(note), graphs) {
    step_.load(context.network, context.optimizer);
    step_.set_state(context.optimizer.steps(), 0, {});
    stream_.synchronize();
    guard_.reset_stream(c10::cuda::getDefaultCUDAStream());
  }
  ~GpuLearner() override {
    if (!sum_) return;
    // During an error another rank may never arrive: abandon the sums before anything waits for the stream.
    bool const orderly = std::uncaught_exceptions() == exceptions_;
    try {
      if (orderly) {
        wait([&] { stream_.synchronize(); });
      } else {
        sum_->abandon();
        stream_.synchronize();
      }
      step_.forget_graphs();
      if (orderly) sum_->finish();
    } catch (std::exception const&) {  // another rank's error, which has been reported
    }
    step_.forget_graphs();
    sum_.reset();
  }

  void begin(Epoch epoch) override {
    c10::cuda::CUDAStreamGuard const here(stream_);
    auto const& train = context_.splits.train;
    std::vector<std::int64_t> starts;
    for (auto const number : epoch.order) starts.push_back(train.starts[static_cast<std::size_t>(number)]);
    auto const host = at::from_blob(starts.data(), {static_cast<std::int64_t>(starts.size())}, at::kLong);
    auto& windows = step_.windows();
    // To the same memory: captured graphs hold its address.
    if (!windows.starts.defined()) windows = {device_series(train), host.to(at::kCUDA)};
    else windows.starts.copy_(host);
    step_.begin(static_cast<std::int64_t>(starts.size()), epoch.next_batch, epoch.lr);
    count_ = static_cast<std::int64_t>(epoch.order.size());
    next_ = reported_ = epoch.next_batch;
  }

  void step() override {
    c10::cuda::CUDAStreamGuard const here(stream_);
    step_.run(std::min(batch_size_, count_ - next_ * batch_size_));
    ++next_;
    auto& mark = marks_[static_cast<std::size_t>(next_ % most_queued)];
    wait([&] { mark.synchronize(); });
    mark.record(stream_);
  }

  std::vector<train::StepReport> reports() override {
    c10::cuda::CUDAStreamGuard const here(stream_);
    wait([&] { stream_.synchronize(); });
    auto all = step_.reports(reported_, next_);
    reported_ = next_;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!std::isfinite(all[i].loss) || !std::isfinite(all[i].gradient_norm)) {
        all.resize(i + 1);
        break;
      }
    return all;
  }

  double mean_batch_loss(train::Windows const& windows, std::vector<std::int64_t> const& order) override {
    auto const rows = errors_of(windows, order);
    double total = 0;
    std::int64_t batches = 0;
    for (std::size_t first = 0; first < rows.size(); first += static_cast<std::size_t>(batch_size_), ++batches) {
      auto const last = std::min(rows.size(), first + static_cast<std::size_t>(batch_size_));
      double sum = 0;
      for (auto i = first; i < last; ++i) sum += rows[i];
      total += sum / static_cast<double>(last - first);
    }
    return total / static_cast<double>(batches);
  }

  double mean_error(train::Windows const& windows) override {
    double sum = 0;
    auto const rows = errors_of(windows, {});
    for (auto const row : rows) sum += row;
    return sum / static_cast<double>(rows.size());
  }

  void snapshot_best() override {
    c10::cuda::CUDAStreamGuard const here(stream_);
    best_ = step_.snapshot();
  }
  void restore_best(model::Network& network, train::Optimizer& optimizer) override {
    c10::cuda::CUDAStreamGuard const here(stream_);
    train::restore(best_, network, optimizer);
  }
  void sync_to_host() override {
    c10::cuda::CUDAStreamGuard const here(stream_);
    train::restore(step_.snapshot(), context_.network, context_.optimizer);
  }

 private:
  static Capacity capacity_of(train::LearnerContext const& context) {
    auto const& splits = context.splits;
    auto const most = std::max({splits.train.count(), splits.val.count(), splits.test.count()});
    auto const size = context.group.size();
    auto const share = (context.trial.train.batch_size + size - 1) / size;
    auto const windows_at_once = context.micro_batch > 0 ? std::min(share, context.micro_batch) : share;
    return {.batch = std::min(windows_at_once, most), .time = splits.train.length, .training = true};
  }
  static StepPlan plan_of(train::LearnerContext const& context, AllReduce* sum) {
    auto const& train = context.trial.train;
    return {.dropout = context.trial.model.dropout,
            .seed = static_cast<std::uint64_t>(train.seed),
            .batches = (context.splits.train.count() + train.batch_size - 1) / train.batch_size,
            .batch_size = train.batch_size,
            .micro_batches = [context](std::int64_t count) { return train::micro_batches_of(count, context); },
            .sum = sum,
            .objective = train};
  }
  /// Waits for the stream; if other ranks are involved, no longer than the group's timeout.
  template <class F>
  void wait(F&& wait_for_stream) {
    if (sum_) sum_->waiting(wait_for_stream);
    else wait_for_stream();
  }
  at::Tensor device_series(train::Windows const& windows) {
    auto& copy = series_[windows.series.const_data_ptr()];
    if (!copy.defined()) copy = windows.series.to(at::kCUDA, at::kFloat).contiguous();
    return copy;
  }

  /// Mean squared error of each window, averaged over horizons.
  std::vector<double> errors_of(train::Windows const& windows, std::vector<std::int64_t> const& order) {
    c10::cuda::CUDAStreamGuard const here(stream_);
    auto starts = windows.starts;
    for (std::size_t i = 0; i < order.size(); ++i) starts[i] = windows.starts[static_cast<std::size_t>(order[i])];
    auto const count = static_cast<std::int64_t>(starts.size());
    DeviceWindows const there{device_series(windows), at::from_blob(starts.data(), {count}, at::kLong).to(at::kCUDA)};
    auto& engine = step_.engine();
    auto const capacity = engine.capacity().batch;
    std::vector<double> errors(starts.size(), 0.0);
    train::losses::MeanSquaredError const metric;
    auto const sums = at::zeros({static_cast<std::int64_t>(engine.horizons().size()), capacity}, on_gpu(at::kDouble));
    auto const own = parallel::slice_of(count, context_.group.rank(), context_.group.size());
    for (std::int64_t first = own.first; first < own.last; first += capacity) {
      auto const batch = std::min(capacity, own.last - first);
      step_.gather(there, first, batch);
      engine.forward(batch, {});
      sum_squared_errors(engine, batch, sums);
      auto const found = metric.of_windows(sums.narrow(1, 0, batch).cpu(),
                                           train::losses::batch_shape(context_.network, batch, windows.length));
      std::copy(found.begin(), found.end(), errors.begin() + static_cast<std::ptrdiff_t>(first));
    }
    context_.group.all_reduce(errors);
    return errors;
  }

  train::LearnerContext context_;
  std::int64_t batch_size_;
  c10::cuda::CUDAStream stream_;
  c10::cuda::CUDAStreamGuard guard_;
  int exceptions_ = std::uncaught_exceptions();
  std::unique_ptr<AllReduce> sum_;
  TrainingStep<T> step_;
  std::map<void const*, at::Tensor> series_;
  std::array<at::cuda::CUDAEvent, most_queued> marks_;
  std::int64_t count_ = 0, next_ = 0, reported_ = 0;
  train::Snapshot best_;
};

}  // namespace

std::unique_ptr<train::Learner> learner(train::LearnerContext const& context,
                                        std::function<void(std::string const&)> const& note, bool graphs) {
  train::require_trainable(context);
  use_exact_products();
  if (context.trial.train.precision == "bf16")
    return std::make_unique<GpuLearner<kernels::BFloat16>>(context, note, graphs);
  return std::make_unique<GpuLearner<float>>(context, note, graphs);
}

}  // namespace mambasynth::gpu
