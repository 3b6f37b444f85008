#include "bench/gpu_cases.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>

#include <numeric>

#include "bench/gpu_timing.hpp"
#include "bench/timed_network.hpp"
#include "gpu/all_reduce.hpp"
#include "gpu/current_stream.hpp"
#include "gpu/device.hpp"
#include "gpu/tensors.hpp"
#include "gpu/training_step.hpp"
#include "kernels/causal_conv1d.hpp"
#include "kernels/selective_scan.hpp"

namespace mambasynth::bench {
namespace {

namespace k = kernels;
using gpu::bytes;
using gpu::data;

Result named(std::string const& name, std::vector<std::pair<std::string, std::int64_t>> shape, std::int64_t tokens,
             double bytes_moved, double operations = 0) {
  Result result;
  result.name = name;
  result.shape = std::move(shape);
  result.items = static_cast<double>(tokens);
  result.unit = "tokens";
  result.bytes = bytes_moved;
  result.operations = operations;
  return result;
}

/// Operations per token of the GEMMs of one block's forward pass.
double block_operations(config::Model const& m) {
  auto const d = static_cast<double>(m.d_inner()), f = static_cast<double>(m.d_model),
             r = static_cast<double>(m.dt_rank()), n = static_cast<double>(m.d_state);
  return 2 * (3 * d * f + d * (r + 2 * n) + d * r);
}
double head_operations(Sizes const& s) {
  return 2 * static_cast<double>(s.model.d_ff * (s.model.d_model + s.channels) *
                                 static_cast<std::int64_t>(s.model.horizons().size()));
}
double forward_operations(Sizes const& s) {
  return static_cast<double>(s.batch * s.time) *
         (static_cast<double>(s.model.n_layers) * block_operations(s.model) + head_operations(s) +
          2 * static_cast<double>(s.channels * s.model.d_model));
}

template <class T>
at::Tensor random(std::vector<std::int64_t> const& shape, double low, double high) {
  return at::empty(shape, gpu::on_gpu(gpu::dtype_of<T>())).uniform_(low, high);
}

template <class T>
std::vector<Result> scan(Sizes const& s, Effort const& effort) {
  k::ScanShape const shape{s.batch, s.time, s.model.d_inner(), s.model.d_state};
  auto const m = s.batch * s.time, d = shape.channels, n = shape.states, r = s.model.dt_rank(), row = r + 2 * n;
  // Sizes and strides of the network: z is the second half of xz, B and C follow the low-rank delta.
  auto const x = random<T>({m, d}, -1, 1), delta = random<T>({m, d}, -1, 1), xz = random<T>({m, 2 * d}, -1, 1),
             dbl = random<T>({m, row}, -1, 1), dout = random<T>({m, d}, -1, 1);
  auto const A = -at::arange(1, n + 1, gpu::on_gpu(at::kFloat)).repeat({d, 1}).contiguous();
  auto const D = random<float>({d}, -1, 1), bias = random<float>({d}, -6, -2);
  k::ScanInputs<T> const in{.x = data<T>(x),
                            .delta = data<T>(delta),
                            .z = data<T>(xz) + d,
                            .B = data<T>(dbl) + r,
                            .C = data<T>(dbl) + r + n,
                            .x_stride = d,
                            .delta_stride = d,
                            .z_stride = 2 * d,
                            .B_stride = row,
                            .C_stride = row,
                            .A = data<float>(A),
                            .D = data<float>(D),
                            .delta_bias = data<float>(bias)};
  auto const out = at::empty_like(x);
  auto const saved = gpu::byte_array(k::cuda::scan_saved_bytes<T>(shape));
  auto const workspace = gpu::byte_array(k::cuda::scan_workspace_bytes<T>(shape));
  std::vector<std::pair<std::string, std::int64_t>> const sizes{
      {"batch", s.batch}, {"time", s.time}, {"channels", d}, {"states", n}};
  auto const wide = static_cast<double>(m * d * static_cast<std::int64_t>(sizeof(T))),
             narrow = static_cast<double>(m * n * static_cast<std::int64_t>(sizeof(T)));
  auto forward = named("scan_forward", sizes, m, 4 * wide + 2 * narrow + static_cast<double>(saved.numel()));
  measure_on_gpu(forward, effort, [&] {
    k::cuda::selective_scan_forward<T>(shape, in, data<T>(out), bytes(saved), nullptr, gpu::current_stream(),
                                       bytes(workspace));
  });
  auto const dx = at::empty_like(x), ddelta = at::empty_like(x), dxz = at::empty_like(xz), ddbl = at::empty_like(dbl);
  auto const dA = at::empty_like(A), dD = at::empty_like(D), dbias = at::empty_like(bias);
  k::ScanGradients<T> const gradients{.dout = data<T>(dout),
                                      .dx = data<T>(dx),
                                      .ddelta = data<T>(ddelta),
                                      .dz = data<T>(dxz) + d,
                                      .dB = data<T>(ddbl) + r,
                                      .dC = data<T>(ddbl) + r + n,
                                      .dz_stride = 2 * d,
                                      .dB_stride = row,
                                      .dC_stride = row,
                                      .dA = data<float>(dA),
                                      .dD = data<float>(dD),
                                      .ddelta_bias = data<float>(dbias)};
  auto backward = named("scan_backward", sizes, m, 7 * wide + 4 * narrow + static_cast<double>(saved.numel()));
  measure_on_gpu(backward, effort, [&] {
    k::cuda::selective_scan_backward<T>(shape, in, bytes(saved), gradients, bytes(workspace), gpu::current_stream(),
                                        data<T>(out));
  });
  return {forward, backward};
}

template <class T>
std::vector<Result> conv(Sizes const& s, Effort const& effort) {
  k::ConvShape const shape{s.batch, s.time, s.model.d_inner(), s.model.d_conv};
  auto const m = s.batch * s.time, d = shape.channels;
  auto const xz = random<T>({m, 2 * d}, -1, 1), dout = random<T>({m, d}, -1, 1);
  auto const weight = random<float>({d, shape.d_conv}, -1, 1), bias = random<float>({d}, -1, 1);
  auto const out = at::empty_like(dout), dxz = at::empty_like(xz), dweight = at::empty_like(weight),
             dbias = at::empty_like(bias);
  auto const workspace = gpu::byte_array(k::cuda::conv_workspace_bytes(shape));
  std::vector<std::pair<std::string, std::int64_t>> const sizes{
      {"batch", s.batch}, {"time", s.time}, {"channels", d}, {"taps", shape.d_conv}};
  auto const wide = static_cast<double>(m * d * static_cast<std::int64_t>(sizeof(T)));
  auto forward = named("conv_forward", sizes, m, 2 * wide);
  measure_on_gpu(forward, effort, [&] {
    k::cuda::causal_conv1d_forward<T>(shape, data<T>(xz), 2 * d, data<float>(weight), data<float>(bias), data<T>(out),
                                      gpu::current_stream());
  });
  auto backward = named("conv_backward", sizes, m, 3 * wide);
  measure_on_gpu(backward, effort, [&] {
    k::cuda::causal_conv1d_backward<T>(shape, data<T>(xz), 2 * d, data<float>(weight), data<float>(bias), data<T>(dout),
                                       data<T>(dxz), 2 * d, data<float>(dweight), data<float>(dbias), bytes(workspace),
                                       gpu::current_stream());
  });
  return {forward, backward};
}

template <class T>
std::vector<Result> block(Sizes const& s, Effort const& effort) {
  auto one = s;
  one.model.n_layers = 1;
  auto const network = network_of(one);
  gpu::Engine<T> engine(network, {.batch = s.batch, .time = s.time, .training = true});
  engine.x().normal_();
  engine.padded().normal_();
  typename gpu::Engine<T>::Dropout const draw{.p = s.model.dropout, .key = {timed_seed, 0, 0}};
  engine.forward(s.batch, draw);
  gpu::Objective<T> const objective({}, train::losses::batch_shape(network, s.batch, s.time), 1, engine.capacity(), {});
  engine.backward(s.batch, draw, objective.begin_micro_batch({0, s.batch}, s.batch));
  auto const operations = block_operations(s.model) * static_cast<double>(s.batch * s.time);
  auto forward = named("block_forward", model_shape(one), s.batch * s.time, 0, operations);
  measure_on_gpu(forward, effort, [&] { engine.one_block_forward(s.batch, draw); });
  auto backward = named("block_backward", model_shape(one), s.batch * s.time, 0, 2 * operations);
  measure_on_gpu(backward, effort, [&] { engine.one_block_backward(s.batch, draw); });
  return {forward, backward};
}

template <class T>
std::vector<Result> forward(Sizes const& s, Effort const& effort) {
  auto const network = network_of(s);
  gpu::Engine<T> engine(network, {.batch = s.batch, .time = s.time, .training = false});
  engine.x().normal_();
  engine.padded().normal_();
  auto const sums =
      at::zeros({static_cast<std::int64_t>(network.horizons().size()), s.batch}, gpu::on_gpu(at::kDouble));
  auto result = named("forward", model_shape(s), s.batch * s.time, 0, forward_operations(s));
  measure_on_gpu(result, effort, [&] {
    engine.forward(s.batch, {});
    gpu::sum_squared_errors(engine, s.batch, sums);
  });
  return {result};
}

/// `sum`: all-reduce over the ranks of effort.group, each with its slice of the batch; nullptr: no reduction.
template <class T>
Result step_of(std::string const& name, Sizes const& s, Effort const& effort, gpu::AllReduce* sum) {
  auto const network = network_of(s);
  gpu::peak_memory_mb(/*reset=*/true);
  // Never queue more batches than the records of one epoch hold: the counter is reset first.
  constexpr std::int64_t batches = 64;
  auto const rank = effort.group ? effort.group->rank() : 0, ranks = effort.group ? effort.group->size() : 1;
  auto const share = [=](std::int64_t count) {
    return std::vector<train::MicroBatch>{parallel::slice_of(count, rank, ranks)};
  };
  gpu::TrainingStep<T> step(network, {.batch = (s.batch + ranks - 1) / ranks, .time = s.time, .training = true},
                            {.dropout = s.model.dropout,
                             .seed = timed_seed,
                             .batches = batches,
                             .batch_size = s.batch,
                             .micro_batches = share,
                             .sum = sum,
                             .objective = s.objective},
                            {}, s.graphs);
  std::vector<std::int64_t> starts(static_cast<std::size_t>(s.batch * batches));
  for (std::size_t i = 0; i < starts.size(); ++i) starts[i] = static_cast<std::int64_t>(i * 256 % 90000);
  step.windows() = {at::randn({90000 + s.time, s.channels}, gpu::on_gpu(at::kFloat)), at::tensor(starts).to(at::kCUDA)};
  config::Train const train;
  step.begin(s.batch * batches, 0, train::learning_rates(train.lr, train.lr));
  auto result =
      named(name, model_shape(s), s.batch * s.time, 0, 3 * forward_operations(s) / static_cast<double>(ranks));
  std::int64_t done = 0;
  measure_on_gpu(result, effort, [&] {
    if (done++ % batches == 0) step.set_state(done, 0, train::learning_rates(train.lr, train.lr));
    step.run(s.batch);
  });
  return result;
}

template <class T>
std::vector<Result> step(Sizes const& s, Effort const& effort) {
  if (!effort.group) return {step_of<T>("step", s, effort, nullptr)};
  gpu::AllReduce sum(*effort.group);
  auto const without = step_of<T>("step_without_sums", s, effort, nullptr);
  std::vector<Result> const both{without, step_of<T>("step", s, effort, &sum)};
  sum.finish();
  return both;
}

/// The gradient in one call. `bytes` is what leaves and enters each GPU, so that the rate is the bus bandwidth.
std::vector<Result> gpu_all_reduce(Sizes const& s, Effort const& effort) {
  parallel::Group alone;
  auto& group = effort.group ? *effort.group : alone;
  auto const ranks = static_cast<double>(group.size());
  auto const gradient = at::zeros({network_of(s).flat().numel()}, gpu::on_gpu(at::kFloat));
  Result result;
  result.name = "all_reduce";
  result.shape = {{"floats", gradient.numel()}, {"ranks", group.size()}};
  result.items = static_cast<double>(gradient.numel());
  result.unit = "floats";
  result.bytes = 4 * result.items * 2 * (ranks - 1) / ranks;
  gpu::AllReduce sum(group);
  auto const once = [&] {
    sum.begin(data<float>(gradient), gradient.numel());
    sum.join();
  };
  c10::cuda::CUDAStreamGuard const here(c10::cuda::getStreamFromPool());
  once();
  {
    // Launched by a graph, as in a step.
    at::cuda::CUDAGraph graph;
    graph.capture_begin();
    once();
    graph.capture_end();
    measure_on_gpu(result, effort, [&] { graph.replay(); });
  }
  sum.finish();
  return {result};
}

template <class T>
std::vector<Result> run(std::string const& name, Sizes const& s, Effort const& effort) {
  if (name == "scan") return scan<T>(s, effort);
  if (name == "conv") return conv<T>(s, effort);
  if (name == "block") return block<T>(s, effort);
  if (name == "all_reduce") return gpu_all_reduce(s, effort);
  if (name == "forward") return forward<T>(s, effort);
  return step<T>(s, effort);
}

}  // namespace

bool is_gpu_case(std::string const& name) {
  return name == "scan" || name == "conv" || name == "block" || name == "forward" || name == "step" ||
         name == "all_reduce";
}

std::vector<Result> run_gpu_case(std::string const& name, Sizes const& sizes, Effort const& effort) {
  at::NoGradGuard const no_grad;
  gpu::use_exact_products();
  gpu::peak_memory_mb(/*reset=*/true);
  c10::cuda::CUDAStreamGuard const here(c10::cuda::getStreamFromPool());
  if (sizes.precision == "fp32") return run<float>(name, sizes, effort);
  return run<k::BFloat16>(name, sizes, effort);
}

}  // namespace mambasynth::bench
