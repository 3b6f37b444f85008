#include "kernels/slowness.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include "kernels/cuda/comparison.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::BFloat16;
using kernels::SlownessShape;

namespace {

template <class T>
void compare(SlownessShape const& s) {
  INFO("batch " << s.batch << ", time " << s.time << ", features " << s.features);
  Uniform uniform(23);
  auto const n = s.batch * s.time * s.features;
  auto const h = stored<T>(uniform, n, -1, 3), before = stored<T>(uniform, n, -1, 1);
  constexpr double weight = 0.3;
  auto dh = before;
  std::vector<double> sums(count_of(s.batch), 2);
  kernels::reference::slowness<double>(s, weight, {h.data(), dh.data(), sums.data()});

  DeviceArray<T> const on_h(h);
  DeviceArray<std::byte> workspace(kernels::cuda::slowness_workspace_bytes(s));
  std::vector<T> first;
  for (int repeat = 0; repeat < 2; ++repeat) {
    DeviceArray<T> found(before);
    DeviceArray<double> found_sums(std::vector<double>(sums.size(), 2));
    kernels::cuda::slowness<T>(s, weight, {on_h.get(), found.get(), found_sums.get()}, workspace.get(), nullptr);
    check_close<T>("dh", found.values(), dh);
    CHECK(relative_error(found_sums.raw(), sums) < 1e-6);
    if (repeat == 0) first = found.raw();
    else CHECK(same_bits(found.raw(), first));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("The GPU's slowness and its gradient match the reference", "[gpu]", float, BFloat16) {
  require_gpu();
  compare<TestType>({3, 300, 128});
  compare<TestType>({2, 17, 24});
  compare<TestType>({2, 1, 16});
  compare<TestType>({300, 2, 7});
  compare<TestType>({1, 70, 1030});
  compare<TestType>({2, 40, 2048});
}

TEST_CASE("A slowness loss of an impossible shape is refused", "[gpu]") {
  CHECK_THROWS_AS(kernels::cuda::slowness_workspace_bytes({70000, 3, 4}), std::invalid_argument);
  CHECK_THROWS_AS(kernels::reference::slowness<float>({1, 3, 0}, 1, {}), std::invalid_argument);
}
