#include "bench/timed_network.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace mambasynth::bench {

model::Network network_of(Sizes const& s) { return model::untrained_network(s.model, s.channels, timed_seed); }

at::Tensor noise(std::vector<std::int64_t> const& shape) {
  return at::randn(shape, at::detail::createCPUGenerator(timed_seed), at::TensorOptions().dtype(at::kFloat));
}

std::vector<std::pair<std::string, std::int64_t>> model_shape(Sizes const& s) {
  return {{"batch", s.batch},           {"time", s.time},
          {"d_model", s.model.d_model}, {"n_layers", s.model.n_layers},
          {"d_state", s.model.d_state}, {"heads", static_cast<std::int64_t>(s.model.horizons().size())}};
}

Result model_result(std::string const& name, Sizes const& s) {
  Result result;
  result.name = name;
  result.shape = model_shape(s);
  result.items = static_cast<double>(s.batch * s.time);
  result.unit = "tokens";
  return result;
}

}  // namespace mambasynth::bench
