#include "train/losses/losses.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

#include "config/section.hpp"
#include "train/losses/contrastive.hpp"
#include "train/losses/mean_squared_error.hpp"
#include "train/losses/slowness.hpp"

namespace mambasynth::train::losses {
namespace {

template <class L>
std::unique_ptr<AuxiliaryLoss const> make(double weight, config::Train const& train) {
  return std::make_unique<L>(weight, train);
}

template <class L>
std::unique_ptr<PredictionLoss const> make_prediction(config::Train const& train) {
  return std::make_unique<L>(train);
}

// One line per loss. Their order is that of the sum, and so of its rounding: new ones go at the end.
constexpr std::array auxiliary_table{
    AuxiliaryEntry{&config::Train::slowness_lambda, make<Slowness>},
    AuxiliaryEntry{&config::Train::contrastive_lambda, make<Contrastive>},
};

// One line per loss, the original's first.
constexpr std::array<MakePredictionLoss, 1> prediction_table{
    make_prediction<MeanSquaredError>,
};

}  // namespace

std::string_view AuxiliaryEntry::key() const {
  std::string_view found;
  config::for_each_field<config::Train>([&](auto const& field) {
    if constexpr (std::is_same_v<decltype(field.member), decltype(weight)>)
      if (field.member == weight) found = field.key;
  });
  return found;
}

std::span<AuxiliaryEntry const> auxiliary_losses() { return auxiliary_table; }

std::span<MakePredictionLoss const> prediction_losses() { return prediction_table; }

Losses losses_of(config::Train const& train) {
  Losses losses{prediction_table.front()(train), {}};
  for (auto const& entry : auxiliary_table)
    if (auto const weight = train.*entry.weight; weight > 0) losses.auxiliary.push_back(entry.make(weight, train));
  return losses;
}

bool needs_own_process(config::Train const& train) {
  auto const losses = losses_of(train);
  return std::any_of(losses.auxiliary.begin(), losses.auxiliary.end(),
                     [](auto const& loss) { return loss->needs_own_process(); });
}

BatchShape batch_shape(model::Network const& network, std::int64_t windows, std::int64_t time) {
  return {windows, time, network.channels(), network.config().n_layers, network.config().d_model, network.horizons()};
}

}  // namespace mambasynth::train::losses
