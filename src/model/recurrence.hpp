#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/recurrent_step.hpp"
#include "model/network.hpp"

namespace mambasynth::model {

/// The sizes and fp32 weights of a network in the form that the kernels take; points into the network's parameters.
/// Errors: errors::usage if they are not fp32.
class RecurrentView {
 public:
  explicit RecurrentView(Network const& network);
  RecurrentView(RecurrentView const&) = delete;
  RecurrentView& operator=(RecurrentView const&) = delete;
  [[nodiscard]] kernels::RecurrentDimensions const& dimensions() const { return dimensions_; }
  [[nodiscard]] kernels::RecurrentWeights<float> const& weights() const { return weights_; }

 private:
  kernels::RecurrentDimensions dimensions_;
  std::vector<kernels::RecurrentLayer<float>> layers_;
  std::vector<kernels::RecurrentHead<float>> heads_;
  kernels::RecurrentWeights<float> weights_;
};

/// A network that reads `count` parallel sequences one step at a time with carried state, on the CPU in fp32: the cost
/// of a step does not depend on the number of earlier steps. Equals Network::predict on the whole prefix. The
/// constructor copies the weights; copies of the object share them, have their own state, and must not be used by two
/// threads at once.
class Recurrence {
 public:
  explicit Recurrence(Network const& network, std::int64_t count = 1);

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] kernels::RecurrentDimensions const& dimensions() const { return dimensions_; }
  /// Reads x (sequence, channel) without a prediction.
  void absorb(std::span<float const> x);
  /// Reads x (sequence, channel); predictions (sequence, heads, channel) of the first `heads` horizons. The result is
  /// valid until the next call.
  std::span<float const> step(std::span<float const> x, std::int64_t heads = 1);
  /// What step() would predict if noise (sequence, layer, feature) were added to each layer's output at this step. The
  /// state does not change: call absorb() or step() with the same x to advance it.
  std::span<float const> step_perturbed(std::span<float const> x, std::span<float const> noise, std::int64_t heads = 1);
  /// Resets the state to that before the first step.
  void reset();
  /// The same weights, before the first step of `count` sequences.
  [[nodiscard]] Recurrence with_count(std::int64_t count) const;

 private:
  std::span<float const> run(std::span<float const> x, float const* noise, bool keep, std::int64_t heads);
  std::int64_t count_;
  kernels::RecurrentDimensions dimensions_;
  std::shared_ptr<kernels::RecurrentNetwork> network_;
  std::vector<float> state_, predictions_;
};

}  // namespace mambasynth::model
