#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "series/config_json.hpp"

namespace mambasynth::tests::fuzz {

/// The configuration beside a data.npz.
void read_config_json(std::string_view bytes) {
  attempt([&] { static_cast<void>(series::from_config_json(std::string(bytes), "config.json")); });
}

}  // namespace mambasynth::tests::fuzz
