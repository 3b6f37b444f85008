#pragma once

#include <ATen/cuda/CUDAGraph.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gpu/all_reduce.hpp"
#include "gpu/engine.hpp"
#include "gpu/objective.hpp"
#include "kernels/cuda/adamw.hpp"
#include "train/learner.hpp"

namespace mambasynth::gpu {

/// Windows of one series on the GPU.
struct DeviceWindows {
  at::Tensor series;  ///< (time, channel) fp32
  at::Tensor starts;  ///< int64, in the order in which they are used
};

/// The settings of a training step, apart from its network.
struct StepPlan {
  double dropout = 0;
  std::uint64_t seed = 0;       ///< of the dropout
  std::int64_t batches = 1;     ///< of an epoch: records that are kept
  std::int64_t batch_size = 0;  ///< windows of all ranks; 0: the engine's capacity
  /// This rank's micro-batches of a batch of `count` windows; none: one, of all windows.
  std::function<std::vector<train::MicroBatch>(std::int64_t count)> micro_batches = {};
  AllReduce* sum = nullptr;      ///< over the ranks
  config::Train objective = {};  ///< for the losses, the augmentations and their seed
};

/// One step of training as launches on a stream, captured once for each batch size.
template <class T>
class TrainingStep {
 public:
  using Note = std::function<void(std::string const&)>;
  TrainingStep(model::Network const& network, Capacity const& capacity, StepPlan plan, Note note, bool graphs);
  ~TrainingStep() { forget_graphs(); }

  [[nodiscard]] Engine<T>& engine() { return engine_; }
  [[nodiscard]] DeviceWindows& windows() { return windows_; }

  /// Sets the counters on the device: the epoch's learning rates and the batch that comes next.
  void set_state(std::int64_t steps, std::int64_t batch, train::LearningRates const& lr);
  /// The same at the beginning of an epoch of `windows` windows, and the random numbers of its steps.
  void begin(std::int64_t windows, std::int64_t batch, train::LearningRates const& lr);
  [[nodiscard]] kernels::cuda::StepState state() const;
  /// Queues the step on the next batch, of `batch` windows.
  void run(std::int64_t batch);
  /// Drops the graphs, and with them their hold on memory and communicators; they are captured again when needed.
  void forget_graphs();
  /// The reports of the steps of batches first .. last - 1; waits for them.
  [[nodiscard]] std::vector<train::StepReport> reports(std::int64_t first, std::int64_t last) const;

  [[nodiscard]] train::Snapshot snapshot() const;
  /// Copies parameters and moments from the host.
  void load(model::Network const& network, train::Optimizer const& optimizer);
  /// Copies windows first .. first + batch - 1 of `windows` to the engine's input.
  void gather(DeviceWindows const& windows, std::int64_t first, std::int64_t batch);

 private:
  void launch(std::int64_t batch);
  void launch_forward_and_backward(std::int64_t batch);
  /// Window sums and gradient of one micro-batch, added to those of the previous ones.
  void launch_micro_batch(train::MicroBatch const& micro_batch, std::int64_t batch, bool first, bool last);
  void launch_nothing();
  void capture(std::int64_t batch);

  Engine<T> engine_;
  DeviceWindows windows_;
  StepPlan plan_;
  Note note_;
  bool graphs_;
  at::Tensor first_moment_, second_moment_, state_, records_, group_ranges_, workspace_;
  kernels::cuda::AdamWShape adamw_shape_{};
  at::Tensor gradient_so_far_, sums_so_far_;  ///< of the step's micro-batches, if there are several
  std::unique_ptr<Objective<T>> objective_;
  std::map<std::int64_t, at::Tensor> loss_factors_;  ///< by the batch's size
  std::map<std::int64_t, std::unique_ptr<at::cuda::CUDAGraph>> captured_;
};

}  // namespace mambasynth::gpu
