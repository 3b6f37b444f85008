#include "train/losses/losses.hpp"

#include <array>

#include "train/losses/contrastive.hpp"
#include "train/losses/mean_squared_error.hpp"
#include "train/losses/slowness.hpp"

namespace mambasynth::train::losses {
namespace {

template <class L>
std::unique_ptr<AuxiliaryLoss const> make(double weight, config::Train const& train) {
  return std::make_unique<L>(weight, train);
}

// One line per loss. Their order is that of the sum, and so of its rounding: new ones go at the end.
constexpr std::array table{
    AuxiliaryEntry{&config::Train::slowness_lambda, make<Slowness>},
    AuxiliaryEntry{&config::Train::contrastive_lambda, make<Contrastive>},
};

}  // namespace

std::span<AuxiliaryEntry const> auxiliary_losses() { return table; }

Losses losses_of(config::Train const& train) {
  Losses losses{std::make_unique<MeanSquaredError>(), {}};
  for (auto const& entry : table)
    if (auto const weight = train.*entry.weight; weight > 0) losses.auxiliary.push_back(entry.make(weight, train));
  return losses;
}

BatchShape batch_shape(model::Network const& network, std::int64_t windows, std::int64_t time) {
  return {windows, time, network.channels(), network.config().n_layers, network.config().d_model, network.horizons()};
}

}  // namespace mambasynth::train::losses
