#include "train/optimizer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "errors/errors.hpp"
#include "kernels/adamw.hpp"
#include "model/state_dict.hpp"

namespace mambasynth::train {
namespace {

constexpr auto settings = step_settings;
constexpr double beta1 = settings.beta1, beta2 = settings.beta2, epsilon = settings.epsilon,
                 weight_decay = settings.weight_decay, clip_norm = settings.clip_norm;

using store::pt::Dict;
using store::pt::List;
using store::pt::Tuple;
using store::pt::Value;

Value text(char const* value) { return {std::string(value)}; }
Value none() { return {std::monostate{}}; }

Value group_state(double lr, double initial_lr, std::int64_t first, std::size_t count) {
  List numbers;
  for (std::size_t i = 0; i < count; ++i) numbers.push_back({first + static_cast<std::int64_t>(i)});
  return {Dict{{text("lr"), {lr}},
               {text("betas"), {Tuple{{{beta1}, {beta2}}}}},
               {text("eps"), {epsilon}},
               {text("weight_decay"), {weight_decay}},
               {text("amsgrad"), {false}},
               {text("maximize"), {false}},
               {text("foreach"), none()},
               {text("capturable"), {false}},
               {text("differentiable"), {false}},
               {text("fused"), none()},
               {text("decoupled_weight_decay"), {true}},
               {text("initial_lr"), {initial_lr}},
               {text("params"), {std::move(numbers)}}}};
}

}  // namespace

Optimizer::Optimizer(model::Network& network)
    : network_(network), moment1_(at::zeros_like(network.flat())), moment2_(at::zeros_like(network.flat())) {}

std::array<std::vector<std::size_t>, 2> Optimizer::original_groups() const {
  std::array<std::vector<std::size_t>, 2> groups;
  auto const& parameters = network_.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    groups[parameters[i].group == model::ParameterGroup::gates ? 1 : 0].push_back(i);
  return groups;
}

double Optimizer::step(LearningRates const& lr) {
  auto const* gradient = network_.flat_gradient().const_data_ptr<float>();
  double squares = 0;
  for (auto const& parameter : network_.parameters()) {
    double sum = 0;
    for (std::int64_t i = 0; i < parameter.tensor.numel(); ++i) {
      auto const value = static_cast<double>(gradient[parameter.offset + i]);
      sum += value * value;
    }
    squares += sum;
  }
  auto const norm = std::sqrt(squares);
  if (!std::isfinite(norm)) return norm;

  ++steps_;
  auto const scale = std::min(1.0, clip_norm / (norm + 1e-6));
  auto* values = network_.flat().mutable_data_ptr<float>();
  auto* first = moment1_.mutable_data_ptr<float>();
  auto* second = moment2_.mutable_data_ptr<float>();
  for (auto const& parameter : network_.parameters()) {
    kernels::AdamW const settings{
        .lr = lr[parameter.group], .beta1 = beta1, .beta2 = beta2, .eps = epsilon, .weight_decay = weight_decay};
    auto const o = parameter.offset;
    kernels::adamw_step(settings, steps_, parameter.tensor.numel(), gradient + o, static_cast<float>(scale), values + o,
                        first + o, second + o);
  }
  return norm;
}

Value Optimizer::state(LearningRates const& lr, LearningRates const& initial) const {
  using enum model::ParameterGroup;
  Dict moments;
  std::int64_t number = 0;
  auto const both = original_groups();
  for (auto const& group : both)
    for (auto const index : group) {
      if (steps_ == 0) break;  // torch creates the moments at the first step
      auto const& parameter = network_.parameters()[index];
      auto const part = [&](at::Tensor const& flat) { return Value{model::to_store(parameter.view_of(flat))}; };
      auto const steps = at::scalar_tensor(static_cast<double>(steps_), at::kFloat);
      moments.emplace_back(Value{number++}, Value{Dict{{text("step"), {model::to_store(steps)}},
                                                       {text("exp_avg"), part(moment1_)},
                                                       {text("exp_avg_sq"), part(moment2_)}}});
    }
  auto const others = static_cast<std::int64_t>(both[0].size());
  return {Dict{{text("state"), {std::move(moments)}},
               {text("param_groups"),
                {List{group_state(lr[base], initial[base], 0, both[0].size()),
                      group_state(lr[gates], initial[gates], others, both[1].size())}}}}};
}

void Optimizer::load_state(Value const& state, std::string const& file) {
  auto const foreign = [&](std::string const& why) {
    return errors::input(file + " holds no usable optimizer state", why, "Give a file written by train");
  };
  auto const* moments = state.find("state");
  if (moments == nullptr || !moments->is_dict()) throw foreign("it has no 'state'");
  steps_ = 0;
  moment1_.zero_();
  moment2_.zero_();
  if (moments->items().empty()) return;
  std::int64_t number = 0;
  for (auto const& group : original_groups())
    for (auto const index : group) {
      auto const& parameter = network_.parameters()[index];
      auto const* entry = moments->find(number);
      if (entry == nullptr) throw foreign("parameter " + std::to_string(number) + " is missing");
      auto const tensor = [&](char const* name) {
        auto const* value = entry->find(name);
        auto const* stored = value ? std::get_if<store::Tensor>(&value->v) : nullptr;
        if (stored == nullptr)
          throw foreign("'" + std::string(name) + "' of parameter " + std::to_string(number) + " is missing");
        return model::to_torch(*stored);
      };
      auto const place = [&](at::Tensor const& flat, at::Tensor const& values) {
        if (values.sizes() != parameter.tensor.sizes())
          throw foreign("moments of '" + parameter.name + "' have another shape");
        parameter.view_of(flat).copy_(values);
      };
      place(moment1_, tensor("exp_avg"));
      place(moment2_, tensor("exp_avg_sq"));
      steps_ = static_cast<std::int64_t>(tensor("step").item<double>());
      ++number;
    }
}

Snapshot snapshot(model::Network const& network, Optimizer const& optimizer) {
  return {network.flat().clone(), optimizer.first_moment().clone(), optimizer.second_moment().clone(),
          optimizer.steps()};
}

void restore(Snapshot const& from, model::Network& network, Optimizer& optimizer) {
  at::NoGradGuard const no_grad;
  network.flat().copy_(from.parameters);
  optimizer.first_moment().copy_(from.first_moment);
  optimizer.second_moment().copy_(from.second_moment);
  optimizer.set_steps(from.steps);
}

}  // namespace mambasynth::train
