#include "kernels/horizon_loss.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include "kernels/cuda/comparison.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::BFloat16;
using kernels::LossShape;

namespace {

template <class T>
void compare(LossShape const& s, bool gradients) {
  INFO("batch " << s.batch << ", time " << s.time << ", channels " << s.channels << ", width " << s.width
                << ", horizon " << s.horizon);
  Uniform uniform(19);
  auto const prediction = uniform.operator()<float>(s.batch * s.time * s.width, -1, 3),
             bias = uniform.operator()<float>(s.channels, -1, 1),
             x = uniform.operator()<float>(s.batch * s.time * s.channels, -2, 2);
  constexpr double scale = 0.037;
  std::vector<double> sums(count_of(s.batch)), dprediction(prediction.size());
  std::vector<float> dbias(bias.size());
  kernels::reference::horizon_loss<double>(
      s, scale, {prediction.data(), bias.data(), x.data(), sums.data(), dprediction.data(), dbias.data()});

  DeviceArray<float> const on_prediction(prediction), on_bias(bias), on_x(x);
  DeviceArray<std::byte> workspace(kernels::cuda::horizon_loss_workspace_bytes(s));
  std::vector<double> first;
  std::vector<float> first_bias;
  for (int repeat = 0; repeat < 2; ++repeat) {
    DeviceArray<double> found_sums(sums.size());
    DeviceArray<T> found(prediction.size());
    DeviceArray<float> found_bias(bias.size());
    kernels::cuda::horizon_loss<T>(s, scale,
                                   {on_prediction.get(), on_bias.get(), on_x.get(), found_sums.get(),
                                    gradients ? found.get() : nullptr, gradients ? found_bias.get() : nullptr},
                                   workspace.get(), nullptr);
    if (repeat == 0) {
      first = found_sums.raw();
      first_bias = found_bias.values();
      CHECK(relative_error(first, sums) < 1e-6);
      if (!gradients) continue;
      check_close<T>("dprediction", found.values(), dprediction);
      check_close<T>("dbias", first_bias, {dbias.begin(), dbias.end()});
      auto const values = found.values();
      bool zeros = true;
      for (std::size_t i = 0; i < values.size(); ++i)
        if (dprediction[i] == 0) zeros = zeros && values[i] == 0;
      CHECK(zeros);
    } else {
      CHECK(same_bits(found_sums.raw(), first));
      CHECK(same_bits(found_bias.values(), first_bias));
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("The GPU loss matches the reference", "[gpu]", float, BFloat16) {
  require_gpu();
  for (bool gradients : {true, false}) {
    compare<TestType>({3, 300, 20, 24, 1}, gradients);
    compare<TestType>({2, 65, 20, 24, 64}, gradients);
    compare<TestType>({2, 7, 5, 5, 9}, gradients);
    compare<TestType>({130, 9, 1, 8, 2}, gradients);
    compare<TestType>({1, 70, 300, 304, 4}, gradients);
    compare<TestType>({40, 1024, 20, 24, 8}, gradients);
  }
}
