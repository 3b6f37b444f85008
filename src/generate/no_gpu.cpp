#include "errors/errors.hpp"
#include "generate/generate.hpp"

namespace mambasynth::generate {

std::unique_ptr<Generator> gpu_generator(model::Network const&) {
  throw errors::usage("--device cuda is not available", "this program was built without CUDA",
                      "Use --device cpu, or build the preset cuda");
}

}  // namespace mambasynth::generate
