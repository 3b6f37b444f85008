#include "bench/timed_network.hpp"

namespace mambasynth::bench {

model::Network network_of(Sizes const& s) { return model::untrained_network(s.model, s.channels, timed_seed); }

std::vector<std::pair<std::string, std::int64_t>> model_shape(Sizes const& s) {
  return {{"batch", s.batch}, {"time", s.time}, {"d_model", s.model.d_model}, {"n_layers", s.model.n_layers},
          {"d_state", s.model.d_state}, {"heads", static_cast<std::int64_t>(s.model.horizons().size())}};
}

}  // namespace mambasynth::bench
