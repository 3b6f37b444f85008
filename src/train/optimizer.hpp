#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "model/network.hpp"
#include "store/archive/pt.hpp"
#include "train/learning_rates.hpp"

namespace mambasynth::train {

/// AdamW (Loshchilov & Hutter 2019) over a network's flat parameters, each group at its learning rate. Betas 0.9 and
/// 0.999, eps 1e-8, weight decay 0.01 on every parameter, gradients clipped to an L2 norm of 1 over all groups
/// together. GPU: kernels/cuda/adamw.hpp, called by gpu/training_step.cpp.
class Optimizer {
 public:
  explicit Optimizer(model::Network& network);

  /// One step from the network's gradient. Returns the gradient's L2 norm before clipping; if that is not finite,
  /// nothing changes.
  double step(LearningRates const& lr);
  [[nodiscard]] std::int64_t steps() const { return steps_; }

  /// First and second moments, laid out like the flat parameters.
  [[nodiscard]] at::Tensor const& first_moment() const { return moment1_; }
  [[nodiscard]] at::Tensor const& second_moment() const { return moment2_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

  /// As torch.optim.AdamW.state_dict() of the original: parameters numbered group by group. `lr` are the groups'
  /// current rates, `initial` their peaks.
  [[nodiscard]] store::pt::Value state(LearningRates const& lr, LearningRates const& initial) const;
  /// Errors: errors::input naming what is missing.
  void load_state(store::pt::Value const& state, std::string const& file);

 private:
  /// The original's two groups as indices into the network's parameters: all but the gates, then the gates, each in
  /// state-dict order.
  [[nodiscard]] std::array<std::vector<std::size_t>, 2> original_groups() const;
  model::Network& network_;
  at::Tensor moment1_, moment2_;
  std::int64_t steps_ = 0;
};

/// A copy of parameters, moments and number of steps, on any device.
struct Snapshot {
  at::Tensor parameters, first_moment, second_moment;
  std::int64_t steps = 0;
};
Snapshot snapshot(model::Network const& network, Optimizer const& optimizer);
void restore(Snapshot const& from, model::Network& network, Optimizer& optimizer);

/// AdamW's constants, and the norm that gradients are clipped to.
struct StepSettings {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0.01, clip_norm = 1.0;
};
inline constexpr StepSettings step_settings{};

}  // namespace mambasynth::train
