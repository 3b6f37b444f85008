#include "bench/cases.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "analysis/dimension/intrinsic_dimension.hpp"
#include "backend/backend.hpp"
#ifdef MAMBASYNTH_CUDA
#include "bench/gpu_cases.hpp"
#include "bench/gpu_timing.hpp"
#endif
#include "bench/epoch_case.hpp"
#include "bench/generate_case.hpp"
#include "bench/kernel_cases.hpp"
#include "bench/timed_network.hpp"
#include "model/network.hpp"
#include "series/stream.hpp"
#include "train/objective.hpp"
#include "train/optimizer.hpp"

namespace mambasynth::bench {
namespace {

/// Forward with dropout, loss, backward, clip and AdamW: a training step.
Result step(Sizes const& s, Effort const& effort) {
  auto network = network_of(s);
  train::Optimizer optimizer(network);
  auto const x = noise({s.batch, s.time, s.channels});
  auto result = model_result("step", s);
  auto const lr = train::learning_rates(config::Train{}.lr, config::Train{}.lr);
  auto const objective = train::objective_of(s.objective);
  measure(result, effort, [&] {
    model::DropoutKey const key{.p = s.model.dropout,
                                .seed = timed_seed,
                                .step = static_cast<std::uint64_t>(optimizer.steps()),
                                .first_sample = 0};
    network.zero_gradient();
    objective->loss(network, x, key).backward();
    optimizer.step(lr);
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

/// One Mamba block with its norm and residual sum, with autograd.
std::vector<Result> block(Sizes const& s, Effort const& effort) {
  auto one = s;
  one.model.n_layers = 1;
  auto const network = network_of(one);
  auto const& layer = network.layers().front();
  auto const h = noise({s.batch, s.time, s.model.d_model}).set_requires_grad(true);
  auto const run = [&] {
    auto const u = at::layer_norm(h, {s.model.d_model}, layer.norm_weight, layer.norm_bias);
    return h + at::linear(model::mixer(at::linear(u, layer.in_proj), layer.mixer), layer.out_proj);
  };
  auto forward = model_result("block_forward", one), both = model_result("block_both", one);
  measure(forward, effort, [&] { (void)run(); });
  auto const gradient = noise({s.batch, s.time, s.model.d_model});
  measure(both, effort, [&] { run().backward(gradient); });
  return {forward, both};
}

/// For `points` rows as wide as the model.
Result of_rows(std::string const& name, std::int64_t points, Sizes const& s, std::int64_t k) {
  Result result;
  result.name = name;
  result.shape = {{"points", points}, {"dims", s.model.d_model}, {"k", k}};
  result.items = static_cast<double>(points);
  result.unit = "points";
  return result;
}

std::span<float const> values_of(at::Tensor const& rows) {
  return {rows.const_data_ptr<float>(), static_cast<std::size_t>(rows.numel())};
}

/// Intrinsic dimension: neighbors and all estimators.
Result dimension(std::string const& name, std::int64_t points, Sizes const& s, Effort const& effort) {
  config::Evaluate const evaluate;
  auto const rows = noise({points, s.model.d_model});
  auto const search = backend::neighbor_search(s.device, s.threads);
  analysis::dimension::EstimateOptions options;
  options.threads = s.threads;
  options.search = search.get();
  auto result = of_rows(name, points, s, evaluate.lb_k.back());
  measure(result, effort, [&] {
    (void)analysis::dimension::estimate_all(values_of(rows), points, s.model.d_model, evaluate.lb_k, options);
  });
  return result;
}

/// Only the nearest-neighbor search, from rows in host memory to neighbors in host memory.
Result neighbors(std::string const& device, std::int64_t points, Sizes const& s, Effort const& effort) {
  auto const k = config::Evaluate{}.lb_k.back();
  auto const rows = noise({points, s.model.d_model});
  auto const search = backend::neighbor_search(device, s.threads);
  auto result = of_rows("neighbours_" + device, points, s, k);
  measure(result, effort, [&] { (void)search->find(values_of(rows), points, s.model.d_model, k, {}); });
  return result;
}

/// The subsample on which a trial's layers are measured, and all steps of a layer, which takes seconds on the CPU and
/// so runs once. With a GPU, also the neighbors of that layer on the GPU and on the CPU.
std::vector<Result> dimensions(Sizes const& s, Effort const& effort) {
  auto const window = config::Train{}.seq_len;
  auto const all = config::Data{}.n_steps / window * window;
  Effort const once{.seconds = 0, .least_runs = 1, .group = effort.group};
  std::vector<Result> results{dimension("dimension", config::Evaluate{}.lb_points, s, effort),
                              dimension("dimension_layer", all, s, once)};
  if (s.device == "cpu") return results;
  results.push_back(neighbors(s.device, all, s, effort));
  results.push_back(neighbors("cpu", all, s, once));
  return results;
}

/// An all-reduce of the gradient's bytes over the ranks of effort.group, with MPI.
Result all_reduce(Sizes const& s, Effort const& effort) {
  parallel::Group alone;
  auto& group = effort.group ? *effort.group : alone;
  auto const ranks = static_cast<double>(group.size());
  std::vector<float> gradient(static_cast<std::size_t>(network_of(s).flat().numel()));
  Result result;
  result.name = "all_reduce";
  result.shape = {{"floats", static_cast<std::int64_t>(gradient.size())}, {"ranks", group.size()}};
  result.items = static_cast<double>(gradient.size());
  result.unit = "floats";
  result.bytes = 4 * result.items * 2 * (ranks - 1) / ranks;
  measure(result, effort, [&] {
    group.begin_all_reduce(gradient);
    group.wait_all();
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

std::vector<std::string> case_names() {
  return {"scan", "conv", "block", "forward", "step", "all_reduce", "epoch", "generate", "dimension", "data"};
}

#ifdef MAMBASYNTH_CUDA
Limits limits_of_gpu() { return measure_ceilings(); }
#else
Limits limits_of_gpu() { throw std::logic_error("limits of a GPU in a build without CUDA"); }
#endif

std::vector<Result> run_case(std::string const& name, Sizes const& sizes, Effort const& effort) {
#ifdef MAMBASYNTH_CUDA
  if (sizes.device == "cuda" && is_gpu_case(name)) return run_gpu_case(name, sizes, effort);
#endif
  if (name == "scan") return scan(sizes, effort);
  if (name == "conv") return conv(sizes, effort);
  if (name == "block") return block(sizes, effort);
  if (name == "epoch") return {epochs(sizes, effort)};
  if (name == "step") return {step(sizes, effort)};
  if (name == "all_reduce") return {all_reduce(sizes, effort)};
  if (name == "forward") return {forward(sizes, effort)};
  if (name == "generate") return {generate(sizes, effort)};
  if (name == "dimension") return dimensions(sizes, effort);
  return {data(sizes, effort)};
}

}  // namespace mambasynth::bench
