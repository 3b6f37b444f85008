#include "backend/backend.hpp"
#include "errors/errors.hpp"

namespace mambasynth::backend {

std::string choose(std::string const& wanted) {
  if (wanted == "cuda")
    throw errors::usage("--device cuda is not available", "this program was built without CUDA",
                        "Build the preset cuda, or use --device cpu");
  return "cpu";
}

int cards(std::string const&) { return 0; }

provenance::Gpu gpu_of(std::string const&) { return {}; }

train::LearnerFactory learners(std::string const&, Log) { return train::host_learner; }

std::shared_ptr<model::Predictor const> predictor(std::string const&, model::Network const& network) {
  return {std::shared_ptr<void>(), &network};
}

std::unique_ptr<analysis::neighbors::NeighborSearch const> neighbor_search(std::string const&, int threads, Log) {
  return std::make_unique<analysis::neighbors::HostSearch>(threads);
}

}  // namespace mambasynth::backend
