#pragma once

#include <ATen/cuda/CUDAGraph.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gpu/engine.hpp"
#include "kernels/cuda/parameters.hpp"
#include "train/learner.hpp"

namespace mambasynth::gpu {

/// Windows of one series on the GPU.
struct DeviceWindows {
  at::Tensor series;  ///< (time, channel) fp32
  at::Tensor starts;  ///< int64, in the order in which they are used
};

/// One step of training as launches on a stream, captured once for each batch size.
template <class T>
class TrainingStep {
 public:
  using Note = std::function<void(std::string const&)>;
  TrainingStep(model::Network const& network, Room const& room, double dropout, std::uint64_t seed,
               std::int64_t batches, Note note, bool graphs);

  [[nodiscard]] Engine<T>& engine() { return engine_; }
  [[nodiscard]] DeviceWindows& windows() { return windows_; }

  /// Sets the counters on the device: the epoch's rates and the batch that comes next.
  void set_state(std::int64_t steps, std::int64_t batch, double rate, double gate_rate);
  [[nodiscard]] kernels::cuda::StepState state() const;
  /// Queues the step on the next `batch` windows.
  void run(std::int64_t batch);
  /// What the steps of batches first .. last - 1 reported; waits for them.
  [[nodiscard]] std::vector<train::StepReport> reports(std::int64_t first, std::int64_t last) const;

  [[nodiscard]] train::Snapshot snapshot() const;
  /// Parameters and moments from the host.
  void load(model::Network const& network, train::Optimizer const& optimizer);
  /// Cuts the first `batch` windows of `windows` from `first` on into the engine's input.
  void gather(DeviceWindows const& windows, std::int64_t first, std::int64_t batch);

 private:
  void launch(std::int64_t batch);
  void launch_forward_and_backward(std::int64_t batch);
  void capture(std::int64_t batch);

  Engine<T> engine_;
  DeviceWindows windows_;
  double dropout_;
  std::uint64_t seed_;
  Note note_;
  bool graphs_;
  at::Tensor first_moment_, second_moment_, state_, records_, gate_ranges_, workspace_;
  std::map<std::int64_t, at::Tensor> loss_weights_;
  std::map<std::int64_t, std::unique_ptr<at::cuda::CUDAGraph>> captured_;
};

}  // namespace mambasynth::gpu
