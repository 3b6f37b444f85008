#include "config/of_file.hpp"

#include <string>

#include "errors/errors.hpp"

namespace mambasynth::config {

void check_against_file(Data const& configured, std::int64_t channels) {
  if (configured.subspace_dim <= channels) return;
  throw errors::usage("data.subspace_dim = " + std::to_string(configured.subspace_dim) + " is out of range",
                      configured.path + " has " + std::to_string(channels) + " channels", "Leave it out: the keys of that series count");
}

}  // namespace mambasynth::config
