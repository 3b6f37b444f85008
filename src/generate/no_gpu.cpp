#include "errors/errors.hpp"
#include "generate/generate.hpp"

namespace mambasynth::generate {

void generate_on_gpu(model::Network const&, kernels::RecurrentGeneration const&) {
  throw errors::usage("--device cuda is not available", "this program was built without CUDA",
                      "Use --device cpu, or build the preset cuda");
}

}  // namespace mambasynth::generate
