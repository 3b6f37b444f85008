#include "train/objective.hpp"

#include <ATen/ATen.h>

#include "config/section.hpp"
#include "errors/errors.hpp"
#include "train/augment.hpp"
#include "train/losses/losses.hpp"

namespace mambasynth::train {
namespace {

class SumOfLosses final : public Objective {
 public:
  explicit SumOfLosses(config::Train const& train) : train_(train), losses_(losses::losses_of(train)) {}

  [[nodiscard]] at::Tensor loss(model::Network const& network, at::Tensor const& x,
                                model::DropoutKey const& key) const override {
    auto const windows = augmented(train_, x, key);
    auto const prediction = [&](std::vector<at::Tensor> const& predictions) {
      auto const value = losses_.prediction->value(predictions, windows.target, network.horizons());
      return losses_.prediction->weight() == 1 ? value : losses_.prediction->weight() * value;
    };
    if (losses_.auxiliary.empty()) return prediction(network.predict(windows.input, key));
    auto const encoding = network.encode(windows.input, key);
    auto const batch = losses::batch_shape(network, x.size(0), x.size(1));
    auto loss = prediction(encoding.predictions);
    for (auto const& term : losses_.auxiliary)
      loss = loss + term->weight() * term->value(encoding.layers, term->draw(batch, PhiloxStream(key.seed, key.step)));
    return loss;
  }

 private:
  config::Train train_;
  losses::Losses losses_;
};

}  // namespace

std::unique_ptr<Objective> objective_of(config::Train const& train) { return std::make_unique<SumOfLosses>(train); }

void require_trainable(config::Train const& train, std::int64_t ranks) {
  if (!train.needs_whole_batch() || ranks == 1) return;
  std::string loss;
  config::for_each_field<config::Train>([&](auto const& field) {
    if (field.key == train.whole_batch_key())
      loss = "train." + std::string(field.key) + " = " + config::canonical(train.*field.member);
  });
  throw errors::usage(loss + " is not available with " + std::to_string(ranks) + " ranks per trial",
                      "that loss needs the whole batch, of which each rank has only a part",
                      "Train each such trial on one rank");
}

}  // namespace mambasynth::train
