#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "store/archive/safetensors.hpp"

namespace mambasynth::tests::fuzz {

void read_safetensors(std::string_view bytes) {
  static InputFolder const folder;
  auto const file = folder.put("weights.safetensors", bytes);
  attempt([&] {
    for (auto const& [name, tensor] : store::safetensors::load(file).tensors) static_cast<void>(tensor.size());
  });
}

}  // namespace mambasynth::tests::fuzz
