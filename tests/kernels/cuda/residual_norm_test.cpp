#include "kernels/residual_norm.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include "kernels/cuda/comparison.hpp"
#include "kernels/cuda/step_state.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::BFloat16;
using kernels::NormDropout;
using kernels::NormShape;

namespace {

struct Options {
  double p = 0;
  bool bias = true, residual = true, statistics = true, state = false;
};

NormDropout dropout_of(Options const& o) { return {.p = o.p, .key = {0x123456789ULL, 77, 5}, .first_sample = 40}; }

template <class T>
void compare_forward(NormShape const& s, Options const& o) {
  INFO("samples " << s.samples << ", steps " << s.steps << ", features " << s.features << ", p " << o.p);
  Uniform uniform(11);
  auto const n = s.rows() * s.features;
  auto const branch = stored<T>(uniform, n, -1, 3), residual = stored<T>(uniform, n, -1, 1);
  auto const bias = stored<float>(uniform, s.features, -1, 1), gamma = stored<float>(uniform, s.features, -2, 2),
             beta = stored<float>(uniform, s.features, -1, 1);
  std::vector<double> h(count_of(n)), u(count_of(n));
  std::vector<float> mean(count_of(s.rows())), inverse(mean.size());
  kernels::reference::residual_norm_forward<double>(s, dropout_of(o),
                                                    {branch.data(), o.bias ? bias.data() : nullptr,
                                                     o.residual ? residual.data() : nullptr, gamma.data(), beta.data()},
                                                    {h.data(), u.data(), mean.data(), inverse.data()});

  DeviceArray<T> const on_branch(branch);
  DeviceArray<float> const on_bias(bias), on_gamma(gamma), on_beta(beta);
  DeviceArray<kernels::cuda::StepState> const state(std::vector<kernels::cuda::StepState>{{77, 3, {}, 0}});
  auto const run = [&](DeviceArray<T>& found_h, DeviceArray<T>& found_u, DeviceArray<float>& m, DeviceArray<float>& d) {
    auto dropout = dropout_of(o);
    if (o.state) {
      dropout.key.step = 1234;  // unused: the step comes from the state
      dropout.state = state.get();
    }
    kernels::cuda::residual_norm_forward<T>(
        s, dropout,
        {on_branch.get(), o.bias ? on_bias.get() : nullptr, o.residual ? found_h.get() : nullptr, on_gamma.get(),
         on_beta.get()},
        {found_h.get(), found_u.get(), o.statistics ? m.get() : nullptr, o.statistics ? d.get() : nullptr}, nullptr);
  };
  DeviceArray<T> found_h(residual), found_u(h.size()), again_h(residual),
      again_u(h.size());  // h in place of the residual
  DeviceArray<float> m(mean.size()), d(mean.size());
  run(found_h, found_u, m, d);
  run(again_h, again_u, m, d);
  check_close<T>("h", found_h.values(), h);
  check_close<T>("u", found_u.values(), u);
  CHECK(same_bits(found_h.raw(), again_h.raw()) == true);
  CHECK(same_bits(found_u.raw(), again_u.raw()) == true);
  if (!o.statistics) return;
  check_close<T>("mean", m.values(), {mean.begin(), mean.end()});
  check_close<T>("inverse deviation", d.values(), {inverse.begin(), inverse.end()});
  DeviceArray<T> u_again(h.size());
  kernels::cuda::norm_recompute<T>(s, found_h.get(), m.get(), d.get(), on_gamma.get(), on_beta.get(), u_again.get(),
                                   nullptr);
  check_close<T>("u again", u_again.values(), u);
}

struct Wanted {
  double p = 0;
  bool residual = true, branch = true, branch_bias = true, in_place = false;
};

template <class T>
void compare_backward(NormShape const& s, Wanted const& w) {
  INFO("samples " << s.samples << ", steps " << s.steps << ", features " << s.features << ", p " << w.p);
  Uniform uniform(13);
  auto const n = s.rows() * s.features;
  auto const h = stored<T>(uniform, n, -1, 3), du = stored<T>(uniform, n, -1, 1),
             dresidual = stored<T>(uniform, n, -1, 1);
  auto const gamma = stored<float>(uniform, s.features, -2, 2);
  std::vector<double> dh(h.size()), dbranch(h.size()), dgamma(gamma.size()), dbeta(gamma.size()), dbias(gamma.size());
  std::vector<float> mean(count_of(s.rows())), inverse(mean.size());
  kernels::reference::residual_norm_forward<double>(s, {}, {h.data(), nullptr, nullptr, gamma.data(), gamma.data()},
                                                    {dh.data(), dbranch.data(), mean.data(), inverse.data()});
  NormDropout const dropout{.p = w.p, .key = {3, 4, 5}, .first_sample = 6};
  kernels::reference::residual_norm_backward<double>(s, dropout, h.data(), mean.data(), inverse.data(), gamma.data(),
                                                     {du.data(), w.residual ? dresidual.data() : nullptr, dh.data(),
                                                      dbranch.data(), dgamma.data(), dbeta.data(), dbias.data()});

  DeviceArray<T> const on_h(h), on_du(du);
  DeviceArray<float> const on_mean(mean), on_inverse(inverse), on_gamma(gamma);
  DeviceArray<std::byte> workspace(kernels::cuda::residual_norm_workspace_bytes(s));
  std::vector<std::vector<float>> first;
  for (int repeat = 0; repeat < 2; ++repeat) {
    DeviceArray<T> in_place(dresidual), apart(h.size()), found_branch(h.size());
    auto* const found_h = w.in_place ? in_place.get() : apart.get();
    auto* const to_branch = !w.branch ? nullptr : w.in_place ? found_h : found_branch.get();
    DeviceArray<float> g(gamma.size()), b(gamma.size()), bias(gamma.size());
    kernels::cuda::residual_norm_backward<T>(s, dropout, on_h.get(), on_mean.get(), on_inverse.get(), on_gamma.get(),
                                             {on_du.get(), w.residual ? in_place.get() : nullptr, found_h, to_branch,
                                              g.get(), b.get(), w.branch_bias ? bias.get() : nullptr},
                                             workspace.get(), nullptr);
    std::vector<std::vector<float>> const found{w.in_place ? in_place.values() : apart.values(), found_branch.values(),
                                                g.values(), b.values(), bias.values()};
    if (repeat == 0) {
      check_close<T>("dh", found[0], w.in_place && w.branch ? dbranch : dh);
      if (w.branch && !w.in_place) check_close<T>("dbranch", found[1], dbranch);
      check_close<T>("dgamma", found[2], dgamma);
      check_close<T>("dbeta", found[3], dbeta);
      if (w.branch_bias) check_close<T>("dbranch_bias", found[4], dbias);
      first = found;
    } else {
      for (std::size_t i = 0; i < found.size(); ++i) CHECK(same_bits(found[i], first[i]));
    }
  }
}

std::int64_t const sizes[] = {1, 5, 8, 16, 20, 24, 64, 128, 192, 264, 520, 1024, 1032};

}  // namespace

TEMPLATE_TEST_CASE("The GPU norm matches the reference for every width", "[gpu]", float, BFloat16) {
  require_gpu();
  for (auto features : sizes) {
    compare_forward<TestType>({3, 7, features}, {.p = 0.3});
    // One feature: the gradient is the rounding error of zero.
    if (features > 1) compare_backward<TestType>({3, 7, features}, {.p = 0.3});
  }
  compare_forward<TestType>({9, 1000, 128}, {.p = 0.1});
  compare_backward<TestType>({9, 1000, 128}, {.p = 0.1});
}

TEMPLATE_TEST_CASE("The GPU norm works without its optional arrays", "[gpu]", float, BFloat16) {
  require_gpu();
  for (std::int64_t features : {20, 128}) {
    NormShape const s{2, 50, features};
    compare_forward<TestType>(s, {.bias = false});
    compare_forward<TestType>(s, {.residual = false});
    compare_forward<TestType>(s, {.p = 0.5, .statistics = false});
    compare_forward<TestType>(s, {.p = 0.5, .bias = false, .residual = false});
    compare_forward<TestType>(s, {.p = 0.5, .state = true});
    compare_forward<TestType>(s, {.p = 1});
    compare_backward<TestType>(s, {.residual = false});
    compare_backward<TestType>(s, {.p = 0.5, .branch = false});
    compare_backward<TestType>(s, {.p = 0.5, .branch_bias = false});
    compare_backward<TestType>(s, {.p = 0.5, .in_place = true});
    compare_backward<TestType>(s, {.branch = false, .branch_bias = false, .in_place = true});
  }
}

TEST_CASE("The GPU's dropout mask equals the CPU's, element for element", "[gpu]") {
  require_gpu();
  for (std::int64_t features : {5, 128}) {
    NormShape const s{4, 33, features};
    NormDropout const dropout{.p = 0.37, .key = {~0ULL, 1ULL << 40, 9}, .first_sample = (1LL << 32) - 2};
    std::vector<float> const ones(count_of(s.rows() * features), 1.0F), zeros(count_of(features));
    std::vector<float> expected(ones.size());
    kernels::reference::dropout(dropout.key, dropout.p, dropout.first_sample, s.samples, s.steps * features,
                                ones.data(), expected.data());
    DeviceArray<float> const branch(ones), gamma(zeros);
    DeviceArray<float> h(ones.size()), u(ones.size());
    kernels::cuda::residual_norm_forward<float>(s, dropout, {branch.get(), nullptr, nullptr, gamma.get(), gamma.get()},
                                                {h.get(), u.get(), nullptr, nullptr}, nullptr);
    CHECK(same_bits(h.values(), expected));
  }
}

TEST_CASE("Norms of impossible shapes are refused before anything runs", "[gpu]") {
  require_gpu();
  DeviceArray<float> a(16);
  auto const run = [&](NormShape const& s, double p) {
    kernels::cuda::residual_norm_forward<float>(s, {.p = p}, {a.get(), nullptr, nullptr, a.get(), a.get()},
                                                {a.get(), a.get(), nullptr, nullptr}, nullptr);
  };
  CHECK_THROWS_AS(run({1, 1, 0}, 0), std::invalid_argument);
  CHECK_THROWS_AS(run({-1, 1, 4}, 0), std::invalid_argument);
  CHECK_THROWS_AS(run({1, 1, 4}, 1.5), std::invalid_argument);
}
