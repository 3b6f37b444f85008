#include "train/objective.hpp"

#include <ATen/ATen.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <numeric>

#include "errors/errors.hpp"
#include "support/small_network.hpp"
#include "train/augment.hpp"
#include "train/losses/contrastive.hpp"
#include "train/losses/mean_squared_error.hpp"
#include "train/losses/slowness.hpp"

using namespace mambasynth;

namespace {

constexpr std::int64_t channels = 3;
constexpr model::DropoutKey key{.p = 0.2, .seed = 5, .step = 9, .first_sample = 0};

at::Tensor random(at::IntArrayRef shape, std::uint64_t seed) {
  return at::randn(shape, at::detail::createCPUGenerator(seed), at::TensorOptions().dtype(at::kDouble));
}

model::Network double_network() {
  config::Model config;
  config.d_model = 6;
  config.n_layers = 2;
  config.d_state = 3;
  config.d_ff = 5;
  config.max_horizon = 2;
  model::Network network(config, channels, at::kDouble);
  network.flat().copy_(0.4 * random({network.flat().numel()}, 3));
  return network;
}

config::Train everything() {
  config::Train train;
  train.slowness_lambda = 0.3;
  train.contrastive_lambda = 0.7;
  train.contrastive_temp = 0.4;
  train.contrastive_negatives = 5;
  train.aug_rotate = true;
  train.aug_scale = 0.2;
  train.aug_noise = 0.1;
  return train;
}

double at_(at::Tensor const& h, std::int64_t b, std::int64_t t, std::int64_t f) {
  return h.index({b, t, f}).item<double>();
}

/// The definition of slowness, in plain loops.
double slowness_in_loops(std::vector<at::Tensor> const& layers) {
  double total = 0;
  for (auto const& h : layers) {
    double sum = 0;
    for (std::int64_t b = 0; b < h.size(0); ++b)
      for (std::int64_t t = 1; t < h.size(1); ++t)
        for (std::int64_t f = 0; f < h.size(2); ++f) sum += std::pow(at_(h, b, t, f) - at_(h, b, t - 1, f), 2);
    total += sum / static_cast<double>(h.size(0) * (h.size(1) - 1) * h.size(2));
  }
  return total / static_cast<double>(layers.size());
}

double contrastive_in_loops(std::vector<at::Tensor> const& layers, std::vector<at::Tensor> const& negatives,
                            double temperature) {
  double total = 0;
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    auto const& h = layers[layer];
    auto const cosine = [&](std::int64_t b, std::int64_t t, std::int64_t c, std::int64_t u) {
      double product = 0, one = 0, other = 0;
      for (std::int64_t f = 0; f < h.size(2); ++f) {
        product += at_(h, b, t, f) * at_(h, c, u, f);
        one += std::pow(at_(h, b, t, f), 2);
        other += std::pow(at_(h, c, u, f), 2);
      }
      return product / std::sqrt(one * other);
    };
    double sum = 0;
    for (std::int64_t b = 0; b < h.size(0); ++b)
      for (std::int64_t t = 0; t + 1 < h.size(1); ++t) {
        auto const right = std::exp(cosine(b, t, b, t + 1) / temperature);
        auto all = right;
        for (std::int64_t k = 0; k < negatives[layer].size(0); ++k) {
          auto const row = negatives[layer][k].item<std::int64_t>();
          all += std::exp(cosine(b, t, row / h.size(1), row % h.size(1)) / temperature);
        }
        sum -= std::log(right / all);
      }
    total += sum / static_cast<double>(h.size(0) * (h.size(1) - 1));
  }
  return total / static_cast<double>(layers.size());
}

at::Tensor slowness(std::vector<at::Tensor> const& layers) { return train::losses::Slowness(1).value(layers, {}); }

at::Tensor contrastive(std::vector<at::Tensor> const& layers, std::vector<at::Tensor> const& negatives,
                       double temperature) {
  return train::losses::Contrastive(1, temperature, negatives[0].size(0)).value(layers, at::stack(negatives));
}

std::vector<at::Tensor> drawn_negatives(std::int64_t layers, std::int64_t count, std::int64_t rows,
                                        train::PhiloxStream const& draws) {
  train::losses::BatchShape const batch{.windows = rows, .time = 1, .layers = layers};
  return train::losses::Contrastive(1, 1, count).draw(batch, draws).unbind();
}

}  // namespace

TEST_CASE("without auxiliary terms, the objective and its gradient equal the prediction loss's bit for bit") {
  auto network = tests::small_network(channels, 2);
  auto const x = random({4, 12, channels}, 1).to(at::kFloat);
  auto const gradient_of = [&](at::Tensor const& loss) {
    network.zero_gradient();
    loss.backward();
    return std::pair(loss.detach().clone(), network.flat_gradient().clone());
  };
  auto const plain =
      gradient_of(train::losses::MeanSquaredError().value(network.predict(x, key), x, network.horizons()));
  auto const ours = gradient_of(train::objective_of({})->loss(network, x, key));
  CHECK(at::equal(ours.first, plain.first));
  CHECK(at::equal(ours.second, plain.second));
  config::Train slow;
  slow.slowness_lambda = 0.1;
  CHECK_FALSE(at::equal(gradient_of(train::objective_of(slow)->loss(network, x, key)).second, plain.second));
}

TEST_CASE("the objective is the sum of its terms, each term follows its formula, and the gradient matches the values") {
  auto network = double_network();
  auto const x = random({3, 7, channels}, 2);
  auto const settings = everything();
  auto const objective = train::objective_of(settings);
  auto const shown = train::augmented(settings, x, key);
  auto const encoding = network.encode(shown.input, key);
  double prediction = 0;
  for (std::size_t i = 0; i < network.horizons().size(); ++i) {
    auto const k = network.horizons()[i];
    double sum = 0;
    for (std::int64_t b = 0; b < x.size(0); ++b)
      for (std::int64_t t = 0; t + k < x.size(1); ++t)
        for (std::int64_t c = 0; c < channels; ++c)
          sum += std::pow(at_(encoding.predictions[i], b, t, c) - at_(shown.target, b, t + k, c), 2);
    prediction += sum / static_cast<double>(x.size(0) * (x.size(1) - k) * channels) /
                  static_cast<double>(network.horizons().size());
  }
  auto const negatives =
      drawn_negatives(2, settings.contrastive_negatives, 21, train::PhiloxStream(key.seed, key.step));
  auto const expected =
      prediction + settings.slowness_lambda * slowness_in_loops(encoding.layers) +
      settings.contrastive_lambda * contrastive_in_loops(encoding.layers, negatives, settings.contrastive_temp);
  auto const loss = objective->loss(network, x, key);
  CHECK(std::abs(loss.item<double>() - expected) <= 1e-12 * expected);

  network.zero_gradient();
  loss.backward();
  auto const gradient = network.flat_gradient().clone();
  auto const scale = gradient.abs().max().item<double>();
  constexpr double step = 1e-5;
  for (auto const& parameter : network.parameters()) {
    INFO(parameter.name);
    auto const at = parameter.offset + parameter.tensor.numel() / 2;
    auto const value = network.flat()[at].item<double>();
    auto const loss_at = [&](double there) {
      network.flat()[at] = there;
      return objective->loss(network, x, key).item<double>();
    };
    auto const slope = (loss_at(value + step) - loss_at(value - step)) / (2 * step);
    network.flat()[at] = value;
    CHECK(std::abs(slope - gradient[at].item<double>()) <= 1e-7 * scale);
  }
}

TEST_CASE("slowness is the mean squared change, and zero for constant streams") {
  auto const moving = at::tensor({0., 0., 1., 2., 1., 5.}, at::kDouble).view({1, 3, 2});
  auto const still = at::ones({1, 3, 2}, at::kDouble);
  CHECK(slowness({still}).item<double>() == 0);
  CHECK(slowness({moving, still}).item<double>() == 14. / 4 / 2);
}

TEST_CASE("the contrastive loss with one negative is the cross-entropy of two logits") {
  auto const h = at::tensor({3., 4., 8., 6.}, at::kDouble).view({1, 2, 2});  // cosine 0.96
  auto const row = [](std::int64_t number) { return at::tensor({number}, at::kLong); };
  // Against the step itself, whose cosine is 1; against the next step, which is no worse than itself.
  CHECK(std::abs(contrastive({h}, {row(0)}, 0.5).item<double>() - std::log1p(std::exp((1 - 0.96) / 0.5))) <= 1e-15);
  CHECK(std::abs(contrastive({h}, {row(1)}, 0.5).item<double>() - std::log(2.)) <= 1e-15);
  // A stream of zeros has no direction: all its logits are 0, and its gradient is finite.
  auto zeros = at::zeros({1, 2, 2}, at::kDouble).requires_grad_(true);
  auto const loss = contrastive({h, zeros}, {row(1), row(0)}, 0.5);
  CHECK(std::abs(loss.item<double>() - std::log(2.)) <= 1e-15);
  loss.backward();
  CHECK(at::isfinite(zeros.grad()).all().item<bool>());
}

TEST_CASE("negatives are rows of the batch, drawn separately for each layer and step") {
  train::PhiloxStream const draws(1, 0);
  auto const drawn = drawn_negatives(2, 4000, 21, draws);
  for (auto const& rows : drawn) {
    auto const counts = at::bincount(rows, {}, 21);
    CHECK(counts.numel() == 21);
    CHECK(counts.min().item<std::int64_t>() > 4000 / 21 - 70);  // five standard deviations
  }
  CHECK_FALSE(at::equal(drawn[0], drawn[1]));
  CHECK(at::equal(drawn[0], drawn_negatives(1, 4000, 21, draws)[0]));
  CHECK_FALSE(at::equal(drawn[0], drawn_negatives(1, 4000, 21, train::PhiloxStream(1, 1))[0]));
}

TEST_CASE("a contrastive loss on several ranks is refused by name; everything else trains on any number of ranks") {
  using Catch::Matchers::ContainsSubstring;
  config::Train train;
  CHECK_NOTHROW(train::require_trainable(train, 4));
  train = everything();
  CHECK_THROWS_WITH(train::require_trainable(train, 2),
                    ContainsSubstring("train.contrastive_lambda = 0.7 is not available with 2 ranks per trial"));
  CHECK_NOTHROW(train::require_trainable(train, 1));
  train.contrastive_lambda = 0;
  train.freeze_a = true;
  CHECK_NOTHROW(train::require_trainable(train, 4));
}
