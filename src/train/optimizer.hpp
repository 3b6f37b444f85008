#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "model/network.hpp"
#include "store/archive/pt.hpp"

namespace mambasynth::train {

/// AdamW (Loshchilov & Hutter 2019) over a network's flat parameters in two groups: the gates (x_proj, dt_proj) at
/// lr * gate_lr_factor, everything else at lr. Betas 0.9 and 0.999, eps 1e-8, decay 0.01 on every parameter, gradients
/// clipped to a total L2 norm of 1 over both groups. At a rate of 0 a group's bits do not change. Where A is frozen,
/// every A_log has a rate of 0; as of frozen gates, its gradient is in the norm and its moments move.
class Optimizer {
 public:
  explicit Optimizer(model::Network& network, bool freeze_A = false);

  /// One step from the network's gradient. Returns the gradient's L2 norm before clipping; when that is not finite
  /// nothing is changed.
  double step(double lr, double gate_lr);
  [[nodiscard]] std::int64_t steps() const { return steps_; }

  /// First and second moments, flat as the parameters.
  [[nodiscard]] at::Tensor const& first_moment() const { return moment1_; }
  [[nodiscard]] at::Tensor const& second_moment() const { return moment2_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

  /// As torch.optim.AdamW.state_dict() of the original: parameters numbered group by group. `lr` and `gate_lr` are the
  /// groups' current rates, `initial` their peaks.
  [[nodiscard]] store::pt::Value state(double lr, double gate_lr, double initial_lr, double initial_gate_lr) const;
  /// Errors: errors::input naming what is missing.
  void load_state(store::pt::Value const& state, std::string const& file);

 private:
  /// Indices into the network's parameters: others first, then the gates, each in state-dict order.
  [[nodiscard]] std::array<std::vector<std::size_t>, 2> groups() const;
  model::Network& network_;
  bool freeze_A_;
  at::Tensor moment1_, moment2_;
  std::int64_t steps_ = 0;
};

/// Parameters, moments and number of steps at one moment; the tensors' own memory, on any device.
struct Snapshot {
  at::Tensor parameters, first_moment, second_moment;
  std::int64_t steps = 0;
};
Snapshot snapshot(model::Network const& network, Optimizer const& optimizer);
void restore(Snapshot const& from, model::Network& network, Optimizer& optimizer);

/// What one step of training does to its gradient, and AdamW's constants.
struct StepSettings {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0.01, clip_norm = 1.0;
};
inline constexpr StepSettings step_settings{};

}  // namespace mambasynth::train
