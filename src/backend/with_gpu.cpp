#include <algorithm>

#include "backend/backend.hpp"
#include "backend/inventory.hpp"
#include "environment/environment.hpp"
#include "errors/errors.hpp"
#include "gpu/device.hpp"
#include "gpu/health.hpp"
#include "gpu/learner.hpp"
#include "gpu/neighbors.hpp"
#include "gpu/predictor.hpp"

namespace mambasynth::backend {
namespace {

/// The local rank of this process according to its launcher; 0 without one.
int local_rank() {
  for (auto const* name : {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"})
    if (auto const rank = environment::number(name, 0, 1 << 20)) return static_cast<int>(*rank);
  return 0;
}

/// The card of this process, fixed for its lifetime.
int own_card() {
  static int const card = local_rank() % std::max(1, gpu::cards().count);
  return card;
}

}  // namespace

std::string choose(std::string const& wanted) {
  if (wanted == "cpu") return "cpu";
  auto const cards = gpu::cards();
  if (cards.count == 0) {
    if (wanted == "auto") return "cpu";
    throw errors::usage("--device cuda found no GPU", cards.none_because,
                        "Run on a node with an NVIDIA GPU and a driver for CUDA 13 or newer, or use --device cpu");
  }
  gpu::use_card(own_card());
  return "cuda";
}

int cards(std::string const& device) { return device == "cpu" ? 0 : gpu::cards().count; }

provenance::Gpu gpu_of(std::string const& device) {
  if (device == "cpu") return {};
  auto const card = gpu::card_facts();
  return {card.name, card.driver, card.clocks, gpu::software().nccl};
}

Inventory inventory() {
  auto const cards = gpu::cards();
  auto const software = gpu::software();
  Inventory all;
  all.built_with_cuda = true;
  all.count = cards.count;
  all.none_because = cards.none_because;
  all.driver_cuda = software.driver_cuda;
  all.runtime_cuda = software.runtime_cuda;
  all.nccl = software.nccl;
  all.no_nccl = software.no_nccl;
  if (cards.count == 0) return all;
  all.card = gpu::inspect_card(own_card());
  return all;
}

train::LearnerFactory learners(std::string const& device, Log log) {
  if (device == "cpu") return train::host_learner;
  return [log = std::move(log)](train::LearnerContext const& context) {
    gpu::use_card(own_card());  // the current device belongs to a thread, and trials run on several
    return gpu::learner(context, log);
  };
}

std::shared_ptr<model::Predictor const> predictor(std::string const& device, model::Network const& network) {
  if (device == "cpu") return {std::shared_ptr<void>(), &network};
  gpu::use_card(own_card());
  return gpu::predictor(network);
}

std::unique_ptr<analysis::neighbors::NeighborSearch const> neighbor_search(std::string const& device, int threads,
                                                                           Log log) {
  if (device == "cpu") return std::make_unique<analysis::neighbors::HostSearch>(threads);
  gpu::use_card(own_card());
  return gpu::neighbor_search(threads, std::move(log));
}

}  // namespace mambasynth::backend
