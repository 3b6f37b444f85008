#include "train/objective.hpp"

#include <ATen/ATen.h>

#include "config/section.hpp"
#include "errors/errors.hpp"
#include "train/augment.hpp"

namespace mambasynth::train {
namespace {

class Prediction final : public Objective {
 public:
  explicit Prediction(config::Train const& train) : train_(train) {}

  [[nodiscard]] at::Tensor loss(model::Network const& network, at::Tensor const& x,
                                model::DropoutDraw const& draw) const override {
    auto const shown = augmented(train_, x, draw);
    if (train_.slowness_lambda == 0 && train_.contrastive_lambda == 0)
      return model::prediction_loss(network.predict(shown.input, draw), shown.target, network.horizons());
    auto const encoding = network.encode(shown.input, draw);
    auto const& layers = encoding.layers;
    auto loss = model::prediction_loss(encoding.predictions, shown.target, network.horizons());
    if (train_.slowness_lambda > 0) loss = loss + train_.slowness_lambda * slowness(layers);
    if (train_.contrastive_lambda > 0) {
      auto const negatives = drawn_negatives(layers.size(), train_.contrastive_negatives, x.size(0) * x.size(1),
                                             Draws(draw.seed, draw.step));
      loss = loss + train_.contrastive_lambda * contrastive(layers, negatives, train_.contrastive_temp);
    }
    return loss;
  }

 private:
  config::Train train_;
};

}  // namespace

std::unique_ptr<Objective> objective_of(config::Train const& train) { return std::make_unique<Prediction>(train); }

at::Tensor slowness(std::vector<at::Tensor> const& layers) {
  at::Tensor total;
  for (auto const& h : layers) {
    auto const change = h.narrow(1, 1, h.size(1) - 1) - h.narrow(1, 0, h.size(1) - 1);
    auto const mean = at::mean(change * change);
    total = total.defined() ? total + mean : mean;
  }
  return total / static_cast<double>(layers.size());
}

at::Tensor contrastive(std::vector<at::Tensor> const& layers, std::vector<at::Tensor> const& negatives,
                       double temperature) {
  at::Tensor total;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    auto const& h = layers[i];
    auto const u = h / at::norm(h, 2, {-1}, true).clamp_min(least_norm);
    auto const now = u.narrow(1, 0, h.size(1) - 1), next = u.narrow(1, 1, h.size(1) - 1);
    auto const drawn = u.reshape({-1, h.size(2)}).index_select(0, negatives[i]);
    auto const right = (now * next).sum(-1, true) / temperature;
    auto const logits = at::cat({right, at::matmul(now, drawn.t()) / temperature}, -1);
    auto const mean = at::mean(at::logsumexp(logits, {-1}, true) - right);
    total = total.defined() ? total + mean : mean;
  }
  return total / static_cast<double>(layers.size());
}

std::vector<at::Tensor> drawn_negatives(std::size_t layers, std::int64_t count, std::int64_t rows, Draws const& draws) {
  std::vector<at::Tensor> all;
  for (std::size_t i = 0; i < layers; ++i) {
    auto const unit = draws.uniform(Draws::Purpose::negatives, static_cast<std::int64_t>(i), 1, count);
    all.push_back((unit * static_cast<double>(rows)).floor().to(at::kLong).view({count}));
  }
  return all;
}

void require_trainable(config::Train const& train, std::int64_t ranks) {
  if (train.needs_whole_batch() && ranks > 1)
    throw errors::usage("train.contrastive_lambda = " + config::canonical(train.contrastive_lambda) +
                            " is not available with " + std::to_string(ranks) + " ranks a trial",
                        "its negatives are drawn from a whole batch, of which each rank has a part",
                        "Train each such trial on one rank");
}

}  // namespace mambasynth::train
