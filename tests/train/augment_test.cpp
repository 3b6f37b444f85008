#include "kernels/augment.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <catch2/catch_test_macros.hpp>

#include <cmath>

#include "train/augment.hpp"

using namespace mambasynth;

namespace {

constexpr std::int64_t batch = 6, time_steps = 50, channels = 7;

at::Tensor windows() {
  return at::arange(batch * time_steps * channels, at::kDouble).sin().view({batch, time_steps, channels});
}

train::AugmentedWindows windows_of(config::Train const& train, at::Tensor const& x, std::uint64_t step = 3,
                                   std::int64_t first_sample = 0) {
  return train::augmented(train, x, {.p = 0, .seed = 1, .step = step, .first_sample = first_sample});
}

bool close(at::Tensor const& a, at::Tensor const& b, double tolerance) {
  return (a - b).abs().max().item<double>() <= tolerance;
}

}  // namespace

TEST_CASE("without augmentations, windows are unchanged") {
  auto const x = windows();
  auto const same = windows_of({}, x);
  CHECK(same.input.is_same(x));
  CHECK(same.target.is_same(x));
}

TEST_CASE("rotations are orthogonal, rotate input and target alike, and are the same for a whole batch") {
  auto const x = windows();
  config::Train train;
  train.aug_rotate = true;
  for (auto const eps : {0.0, 0.01, 0.5}) {
    INFO("eps " << eps);
    train.aug_rotate_eps = eps;
    auto const Q = train::rotation(train, channels, {1, 3});
    // LibTorch's exponential is accurate to about 1e-13, far beyond the fp32 that it is used in.
    CHECK((at::matmul(Q, Q.t()) - at::eye(channels, at::kDouble)).abs().max().item<double>() <=
          (eps > 0 ? 1e-12 : 1e-14));
    CHECK_FALSE(at::equal(Q, train::rotation(train, channels, {1, 4})));
    auto const turned = windows_of(train, x);
    CHECK(at::equal(turned.input, turned.target));
    // One step, by hand.
    for (std::int64_t i = 0; i < channels; ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j < channels; ++j) sum += Q[i][j].item<double>() * x[2][5][j].item<double>();
      CHECK(std::abs(turned.target[2][5][i].item<double>() - sum) <= 1e-14);
    }
    CHECK(close(windows_of(train, x.narrow(0, 2, 3), 3, 2).input, turned.input.narrow(0, 2, 3), 1e-14));
  }
}

TEST_CASE("small rotations are the exponential of a skew-symmetric draw; others are the QR factor of the draw") {
  train::PhiloxStream const draws(1, 3);
  auto const M =
      draws.normal(train::PhiloxStream::Purpose::rotation, 0, 1, channels * channels).view({channels, channels});
  config::Train train;
  train.aug_rotate = true;
  auto const Q = train::rotation(train, channels, draws);
  auto const R = at::matmul(Q.t(), M);
  CHECK(close(R.tril(-1), at::zeros_like(R), 1e-14));
  CHECK(R.diagonal().lt(0).any().item<bool>());  // not sign-fixed
  train.aug_rotate_eps = 0.3;
  auto const S = 0.15 * (M - M.t());
  auto sum = at::eye(channels, at::kDouble), term = sum;
  for (int n = 1; n < 40; ++n) sum = sum + (term = at::matmul(term, S) / n);
  CHECK(close(train::rotation(train, channels, draws), sum, 1e-13));
}

TEST_CASE("each window has one scale factor, which depends on its number in the whole batch") {
  auto const x = windows();
  config::Train train;
  train.aug_scale = 0.3;
  auto const scaled = windows_of(train, x);
  CHECK(at::equal(scaled.input, scaled.target));
  auto const ratio = scaled.input.div(x).narrow(1, 1, time_steps - 1).flatten(1);
  auto const factor = ratio.mean(1);
  CHECK(close(ratio, factor.view({batch, 1}).expand_as(ratio), 1e-13));
  CHECK((factor - 1).abs().le(0.3).all().item<bool>());
  CHECK(factor.max().item<double>() - factor.min().item<double>() > 0.05);
  CHECK(at::equal(windows_of(train, x.narrow(0, 2, 3), 3, 2).input, scaled.input.narrow(0, 2, 3)));
  CHECK_FALSE(at::equal(windows_of(train, x, 4).input, scaled.input));
}

TEST_CASE(
    "noise affects only the input, has the requested deviation and depends on the window's number in the whole batch") {
  auto const x = windows();
  config::Train train;
  train.aug_noise = 2;
  auto const noisy = windows_of(train, x);
  CHECK(noisy.target.is_same(x));
  auto const noise = noisy.input - x;
  auto const count = static_cast<double>(noise.numel());
  CHECK(std::abs(noise.mean().item<double>()) <= 5 * 2 / std::sqrt(count));
  CHECK(std::abs(noise.std().item<double>() - 2) <= 5 * 2 / std::sqrt(2 * count));
  CHECK(at::equal(windows_of(train, x.narrow(0, 2, 3), 3, 2).input, noisy.input.narrow(0, 2, 3)));
  // Noise comes last: rotated and scaled windows get the same noise.
  train.aug_rotate = true;
  train.aug_scale = 0.3;
  auto const all = windows_of(train, x);
  CHECK(close(all.input - all.target, noise, 1e-13));
}

TEST_CASE("the reference kernel makes the same windows from the same draws") {
  auto const x = windows().to(at::kFloat);
  constexpr std::int64_t first = 2, width = 8;
  constexpr std::uint64_t seed = 0x1fffffff7, step = 0x2fffffff5;
  for (int which = 1; which < 8; ++which) {
    config::Train train;
    train.aug_rotate = (which & 1) != 0;
    train.aug_scale = (which & 2) != 0 ? 0.3 : 0;
    train.aug_noise = (which & 4) != 0 ? 0.7 : 0;
    INFO("rotate " << train.aug_rotate << ", scale " << train.aug_scale << ", noise " << train.aug_noise);
    auto const expected = train::augmented(train, x, {.p = 0, .seed = seed, .step = step, .first_sample = first});
    train::PhiloxStream const draws(seed, step);
    auto const Q = train::rotation(train, channels, draws).to(at::kFloat).contiguous();
    auto const factors = train::scales(train, first, batch, draws).to(at::kFloat);
    auto const target = at::empty_like(x), input = at::empty({batch, time_steps, width}, at::kFloat);
    kernels::reference::augment({batch, time_steps, channels, width},
                                {.rotation = train.aug_rotate ? Q.const_data_ptr<float>() : nullptr,
                                 .scale = train.aug_scale > 0 ? factors.const_data_ptr<float>() : nullptr,
                                 .noise = train.aug_noise,
                                 .seed = seed,
                                 .step = step,
                                 .first_sample = first},
                                x.const_data_ptr<float>(), target.mutable_data_ptr<float>(),
                                input.mutable_data_ptr<float>());
    // Sums of seven products, in another order; with the same noise, another rounding of the sum.
    CHECK(close(target, expected.target, 1e-6));
    CHECK(close(input.narrow(2, 0, channels), expected.input, 1e-6));
    CHECK(input.narrow(2, channels, width - channels).abs().max().item<float>() == 0);
  }
}

TEST_CASE("draws have the standard moments, odd counts are prefixes of longer draws, and threads change nothing") {
  train::PhiloxStream const draws(7, 11);
  constexpr std::int64_t count = 200001;
  auto const normal = draws.normal(train::PhiloxStream::Purpose::noise, 0, 1, count);
  auto const spread = std::sqrt(static_cast<double>(count));
  CHECK(std::abs(normal.mean().item<double>()) <= 5 / spread);
  CHECK(std::abs(normal.pow(2).mean().item<double>() - 1) <= 5 * std::sqrt(2.) / spread);
  CHECK(std::abs(normal.pow(4).mean().item<double>() - 3) <= 5 * std::sqrt(96.) / spread);
  auto const neighbors = normal.narrow(1, 0, count - 1) * normal.narrow(1, 1, count - 1);
  CHECK(std::abs(neighbors.mean().item<double>()) <= 5 / spread);
  auto const uniform = draws.uniform(train::PhiloxStream::Purpose::noise, 0, 1, count);
  CHECK(std::abs(uniform.mean().item<double>() - 0.5) <= 5 * std::sqrt(1 / 12.) / spread);
  CHECK(uniform.min().item<double>() >= 0);
  CHECK(uniform.max().item<double>() < 1);
  CHECK(at::equal(draws.normal(train::PhiloxStream::Purpose::noise, 0, 1, 7), normal.narrow(1, 0, 7)));
  CHECK_FALSE(at::equal(draws.normal(train::PhiloxStream::Purpose::scale, 0, 1, 7), normal.narrow(1, 0, 7)));
  auto const threads = at::get_num_threads();
  at::set_num_threads(threads == 1 ? 2 : 1);
  CHECK(at::equal(draws.normal(train::PhiloxStream::Purpose::noise, 0, 1, count), normal));
  at::set_num_threads(threads);
}
