#include <functional>

#include "kernels/causal_conv1d.hpp"
#include "kernels/cuda/adamw.hpp"
#include "kernels/cuda/comparison.hpp"
#include "kernels/cuda/parameters.hpp"
#include "kernels/gelu.hpp"
#include "kernels/horizon_loss.hpp"
#include "kernels/residual_norm.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::BFloat16;
namespace cuda = kernels::cuda;

namespace {

/// Captures the launches of `work` in a graph and runs it once. A launch on another stream breaks the capture or is
/// missing.
void run_as_graph(std::function<void(cuda::Stream)> const& work) {
  cudaStream_t stream;
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  REQUIRE(cudaStreamCreate(&stream) == cudaSuccess);
  REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal) == cudaSuccess);
  work(stream);
  REQUIRE(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
  REQUIRE(cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess);
  REQUIRE(cudaGraphLaunch(executable, stream) == cudaSuccess);
  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
}

}  // namespace

TEST_CASE("A captured CUDA graph is bit-identical to separate launches", "[gpu]") {
  require_gpu();
  constexpr std::int64_t batch = 3, time = 50, width = 24, rows = batch * time, n = rows * width;
  Uniform uniform(59);
  auto const numbers = uniform.operator()<float>(n, -1, 1);
  DeviceArray<BFloat16> const a(numbers), b(numbers);
  DeviceArray<float> const parameters(numbers), targets(numbers);
  DeviceArray<std::byte> workspace(std::size_t{1} << 20);
  std::vector<std::vector<float>> results[2];
  for (bool graph : {false, true}) {
    DeviceArray<BFloat16> out(n), dx(n), h(n), u(n), u_again(n), dh(n), activated(n), dpre(n), dprediction(n);
    DeviceArray<float> mean(rows), inverse(rows), sums(16 * width), moments(std::vector<float>(2 * n)), moving(numbers);
    DeviceArray<double> window_sum(batch), weight(std::vector<double>{1});
    DeviceArray<cuda::GroupRange> ranges(std::vector<cuda::GroupRange>{{1, 5, 1}});
    DeviceArray<cuda::StepRecord> record(1);
    DeviceArray<cuda::StepState> state(std::vector<cuda::StepState>{{4, 0, {1e-3F, 1e-4F, 1e-3F}, 0}});
    auto const part = [&](std::int64_t k) { return sums.get() + k * width; };
    auto const work = [&](cuda::Stream stream) {
      kernels::ConvShape const conv{batch, time, width, 4};
      kernels::NormShape const norm{batch, time, width};
      kernels::NormDropout const dropout{.p = 0.3, .key = {1, 0, 2}, .state = state.get()};
      cuda::causal_conv1d_forward<BFloat16>(conv, a.get(), width, parameters.get(), parameters.get(), out.get(),
                                            stream);
      cuda::causal_conv1d_backward<BFloat16>(conv, a.get(), width, parameters.get(), parameters.get(), b.get(),
                                             dx.get(), width, part(0), part(4), workspace.get(), stream);
      cuda::residual_norm_forward<BFloat16>(norm, dropout,
                                            {a.get(), nullptr, b.get(), parameters.get(), parameters.get()},
                                            {h.get(), u.get(), mean.get(), inverse.get()}, stream);
      cuda::norm_recompute<BFloat16>(norm, h.get(), mean.get(), inverse.get(), parameters.get(), parameters.get(),
                                     u_again.get(), stream);
      cuda::residual_norm_backward<BFloat16>(norm, dropout, h.get(), mean.get(), inverse.get(), parameters.get(),
                                             {a.get(), b.get(), dh.get(), nullptr, part(5), part(6), part(7)},
                                             workspace.get(), stream);
      cuda::gelu_forward<BFloat16>(rows, width, a.get(), parameters.get(), activated.get(), stream);
      cuda::gelu_backward<BFloat16>(rows, width, a.get(), parameters.get(), b.get(), dpre.get(), part(8),
                                    workspace.get(), stream);
      cuda::horizon_loss<BFloat16>(
          {batch, time, width, width, 2}, 0.5,
          {targets.get(), parameters.get(), parameters.get(), window_sum.get(), dprediction.get(), part(9)},
          workspace.get(), stream);
      cuda::negative_exp({1, width, width}, parameters.get(), part(10), stream);
      cuda::scale_by({1, width, width}, parameters.get(), part(10), stream);
      cuda::adamw_step({16 * width, batch, 1, 1}, {.lr = 0}, 1.0,
                       {moments.get() + n, moving.get(), moments.get(), moments.get() + n / 2, ranges.get(),
                        window_sum.get(), weight.get(), record.get(), state.get()},
                       workspace.get(), stream);
    };
    if (graph) run_as_graph(work);
    else work(nullptr);
    results[graph ? 1 : 0] = {out.values(),         dx.values(),   h.values(),         u.values(),
                              u_again.values(),     dh.values(),   activated.values(), dpre.values(),
                              dprediction.values(), sums.values(), moving.values(),    moments.values()};
    CHECK(state.raw()[0].step == 5);
  }
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    INFO("result " << i);
    CHECK(same_bits(results[0][i], results[1][i]));
  }
}
