#include "bench/cases.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include "analysis/intrinsic_dimension.hpp"
#include "bench/kernel_cases.hpp"
#include "model/network.hpp"
#include "series/stream.hpp"
#include "train/optimizer.hpp"

namespace mambasynth::bench {
namespace {

constexpr std::uint64_t seed = 42;

at::Tensor noise(std::vector<std::int64_t> const& shape) {
  return at::randn(shape, at::detail::createCPUGenerator(seed), at::TensorOptions().dtype(at::kFloat));
}

model::Network network_of(Sizes const& s) {
  model::Network network(s.model, s.channels);
  model::initialise(network, at::detail::createCPUGenerator(seed));
  return network;
}

Result model_result(std::string const& name, Sizes const& s) {
  Result result;
  result.name = name;
  result.shape = {{"batch", s.batch}, {"time", s.time}, {"d_model", s.model.d_model}, {"n_layers", s.model.n_layers},
                  {"d_state", s.model.d_state}, {"heads", static_cast<std::int64_t>(s.model.horizons().size())}};
  result.items = static_cast<double>(s.batch * s.time);
  result.unit = "tokens";
  return result;
}

/// Forward with dropout, loss, backward, clip and AdamW: a training step.
Result step(Sizes const& s, Effort const& effort) {
  auto network = network_of(s);
  train::Optimizer optimizer(network);
  auto const x = noise({s.batch, s.time, s.channels});
  auto result = model_result("step", s);
  config::Train const train;
  measure(result, effort, [&] {
    model::DropoutDraw const draw{.p = s.model.dropout, .seed = seed, .step = static_cast<std::uint64_t>(optimizer.steps()), .first_sample = 0};
    network.zero_gradient();
    model::prediction_loss(network.predict(x, draw), x, network.horizons()).backward();
    optimizer.step(train.lr, train.lr);
  });
  return result;
}

Result forward(Sizes const& s, Effort const& effort) {
  at::NoGradGuard const no_grad;
  auto const network = network_of(s);
  auto const x = noise({s.batch, s.time, s.channels});
  auto result = model_result("forward", s);
  measure(result, effort, [&] { (void)network.predict(x); });
  return result;
}

Result dimension(Sizes const& s, Effort const& effort) {
  config::Evaluate const evaluate;
  auto const points = evaluate.lb_points;
  auto const rows = noise({points, s.model.d_model});
  Result result;
  result.name = "dimension";
  result.shape = {{"points", points}, {"dims", s.model.d_model}, {"k", evaluate.lb_k.back()}};
  result.items = static_cast<double>(points);
  result.unit = "points";
  measure(result, effort, [&] {
    (void)analysis::estimate_all(std::span(rows.const_data_ptr<float>(), static_cast<std::size_t>(rows.numel())),
                                 points, s.model.d_model, evaluate.lb_k, s.threads);
  });
  return result;
}

Result data(Sizes const& s, Effort const& effort) {
  config::Data const keys;
  Result result;
  result.name = "data";
  result.shape = {{"steps", keys.n_steps}, {"channels", keys.ambient_dim}};
  result.items = static_cast<double>(keys.n_steps);
  result.unit = "steps";
  measure(result, effort, [&] {
    series::SeriesStream stream(keys, s.threads);
    while (stream.next().steps() > 0) {
    }
  });
  return result;
}

}  // namespace

std::vector<std::string> case_names() { return {"scan", "conv", "step", "forward", "dimension", "data"}; }

std::vector<Result> run_case(std::string const& name, Sizes const& sizes, Effort const& effort) {
  if (name == "scan") return scan(sizes, effort);
  if (name == "conv") return conv(sizes, effort);
  if (name == "step") return {step(sizes, effort)};
  if (name == "forward") return {forward(sizes, effort)};
  if (name == "dimension") return {dimension(sizes, effort)};
  return {data(sizes, effort)};
}

}  // namespace mambasynth::bench
