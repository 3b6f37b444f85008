#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include "doctor/checks.hpp"

namespace mambasynth::doctor {
namespace {

/// The variable by which GPUs were requested or assigned; "" if none were.
std::string asked_by(Environment const& environment) {
  for (auto const* name : {"SLURM_GPUS_ON_NODE", "SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "CUDA_VISIBLE_DEVICES"}) {
    auto const value = value_of(environment, name);
    bool const none = value.empty() || value == "-1" || value == "NoDevFiles" ||
                      (name == std::string("SLURM_GPUS_ON_NODE") && value == "0");
    if (!none) return std::string(name) + "=" + value;
  }
  return "";
}

/// The image that this process runs in; "" outside Apptainer and Singularity.
std::string image_of(Environment const& environment) {
  auto const image = value_of(environment, "APPTAINER_CONTAINER");
  return image.empty() ? value_of(environment, "SINGULARITY_CONTAINER") : image;
}

std::string cuda_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

/// Whether code compiled for `compiled` ("90-real 90-virtual 120-real") runs on `architecture` ("90"): machine code
/// within the same major version, PTX on anything newer.
bool runs_on(std::string const& compiled, std::string const& architecture) {
  auto const card = std::atoi(architecture.c_str());
  std::istringstream words(compiled);
  for (std::string word; words >> word;) {
    auto const code = std::atoi(word.c_str());
    bool const real = word.find("-virtual") == std::string::npos, ptx = word.find("-real") == std::string::npos;
    if ((real && code / 10 == card / 10 && code <= card) || (ptx && code <= card)) return true;
  }
  return false;
}

Finding without_cuda(RankFacts const& rank, std::string const& asked) {
  if (!asked.empty())
    return {Level::error,
            "gpu.build",
            "this job has GPUs but mambasynth cannot use them",
            "it was built without CUDA; " + asked,
            image_of(rank.environment).empty()
                ? "Build the preset cuda on a machine with CUDA 12.8 or newer, or submit with --gpus-per-node=0"
                : "Use the image that containers/build.sh --cuda builds, or submit with --gpus-per-node=0",
            {rank.rank}};
  if (!rank.nvidia_driver.empty())
    return {Level::warning,
            "gpu.build",
            "this host has an NVIDIA driver but mambasynth cannot use a GPU",
            "driver " + rank.nvidia_driver + "; this program was built without CUDA",
            "Build the preset cuda to train on the GPU",
            {rank.rank}};
  return {Level::note,
          "gpu.build",
          "No GPU: trials run on the CPU",
          "this program was built without CUDA and NCCL",
          "For NVIDIA GPUs build the preset cuda",
          {rank.rank}};
}

Finding without_card(RankFacts const& rank, std::string const& asked) {
  auto const& gpu = rank.gpu;
  if (gpu.driver_cuda > 0 && gpu.driver_cuda / 1000 < gpu.runtime_cuda / 1000)
    return {
        Level::error,
        "gpu.driver",
        "the GPU driver is too old for this program",
        fmt::format("driver{}{} supports CUDA up to {}, the program needs {}", rank.nvidia_driver.empty() ? "" : " ",
                    rank.nvidia_driver, cuda_text(gpu.driver_cuda), cuda_text(gpu.runtime_cuda)),
        fmt::format("Use nodes with a newer driver, or build with a CUDA {} toolkit and its LibTorch",
                    gpu.driver_cuda / 1000),
        {rank.rank}};
  auto const image = image_of(rank.environment);
  // The kernel module is the host's and visible in a container; the driver's library comes in with --nv.
  if (!image.empty() && gpu.driver_cuda == 0 && !(asked.empty() && rank.nvidia_driver.empty()))
    return {asked.empty() ? Level::warning : Level::error,
            "gpu.container",
            "the container has no access to the host's GPUs",
            fmt::format("{}; {} was started without --nv, or the host has no driver library", gpu.none_because, image),
            "Start it with apptainer exec --nv",
            {rank.rank}};
  if (asked.empty() && rank.nvidia_driver.empty())
    return {Level::note,
            "gpu.none",
            "No GPU here: trials run on the CPU",
            gpu.none_because,
            "To use one, run on a node that has one: sbatch --gpus-per-node=1",
            {rank.rank}};
  if (rank.nvidia_driver.empty())
    return {Level::error,
            "gpu.driver",
            "this job has GPUs but no NVIDIA driver is loaded",
            asked + "; " + gpu.none_because,
            "Report it to your site and use sbatch --exclude=NODE",
            {rank.rank}};
  return {asked.empty() ? Level::warning : Level::error,
          "gpu.none",
          "this host has an NVIDIA driver but this process sees no GPU",
          gpu.none_because + (asked.empty() ? "" : "; " + asked),
          asked.empty()
              ? "Request one from Slurm: --gpus-per-node=1. CUDA_VISIBLE_DEVICES must not be empty"
              : "Compare nvidia-smi -L with CUDA_VISIBLE_DEVICES; report a GPU that fell off the bus to your site",
          {rank.rank}};
}

Findings health_of(RankFacts const& rank) {
  auto const& card = rank.gpu.card;
  auto const& compiled = rank.program.gpu_architectures;
  Findings findings;
  auto const add = [&](Level level, char const* check, std::string problem, std::string why, std::string remedy) {
    findings.push_back({level, check, std::move(problem), std::move(why), std::move(remedy), {rank.rank}});
  };
  auto const name = card.name.empty() ? "GPU " + std::to_string(card.number) : card.name;
  if (!card.unusable.empty())
    add(Level::error, "gpu.usable", "nothing can run on the " + name, card.unusable,
        "Run nvidia-smi: another process may own the GPU, or it needs a reset by your site");
  if (!card.architecture.empty() && !runs_on(compiled, card.architecture))
    add(Level::error, "gpu.architecture", "mambasynth has no code for the " + name,
        "it is sm_" + card.architecture + "; mambasynth was compiled for " + compiled,
        "Configure with -DCMAKE_CUDA_ARCHITECTURES=" + card.architecture + " and build again");
  if (card.uncorrected_ecc_errors > 0)
    add(Level::warning, "gpu.ecc",
        fmt::format("the {} reports {} uncorrected memory errors", name, card.uncorrected_ecc_errors),
        "since its driver was loaded", "Report it to your site and use sbatch --exclude=NODE");
  if (!card.slowed_by.empty())
    add(Level::warning, "gpu.slowed", "the " + name + " is throttled", "by " + card.slowed_by,
        "Report it to your site; trials there are correct but slow");
  if (card.unusable.empty() && card.memory_mb > 0 && card.memory_free_mb < 0.5 * card.memory_mb)
    add(Level::warning, "gpu.memory", fmt::format("more than half of the memory of the {} is in use", name),
        fmt::format("{} of {} are free", size_text(card.memory_free_mb), size_text(card.memory_mb)),
        "Run nvidia-smi to find the process that uses it; a trial may run out of memory");
  if (findings.empty())
    add(Level::ok, "gpu",
        fmt::format("{}, driver {}, CUDA {}", name, rank.nvidia_driver.empty() ? "unknown" : rank.nvidia_driver,
                    cuda_text(rank.gpu.runtime_cuda)),
        "", "");
  return findings;
}

/// Which ranks of one host share a GPU.
Findings sharing(std::vector<RankFacts const*> const& host) {
  std::map<std::string, std::vector<int>> cards;
  for (auto const* rank : host)
    if (rank->gpu.count > 0)
      cards[rank->gpu.card.bus.empty() ? std::to_string(rank->gpu.card.number) : rank->gpu.card.bus].push_back(
          rank->rank);
  Findings findings;
  for (auto const& [bus, ranks] : cards)
    if (ranks.size() > 1)
      findings.push_back({Level::warning, "gpu.shared", fmt::format("{} ranks share one GPU", ranks.size()),
                          "their host has fewer GPUs than ranks; each rank gets a part of the GPU's speed and memory",
                          "Start one rank per GPU: --ntasks-per-node equal to --gpus-per-node", ranks});
  bool const one_each =
      cards.size() > 1 && std::all_of(host.begin(), host.end(), [](auto const* rank) { return rank->gpu.count == 1; });
  if (one_each) {
    std::vector<int> ranks;
    for (auto const* rank : host) ranks.push_back(rank->rank);
    findings.push_back({Level::note, "gpu.hidden", "each rank sees only its own GPU",
                        "NCCL and CUDA IPC between ranks of a host need access to all of them",
                        "Use --gpus-per-node, not --gpus-per-task", ranks});
  }
  return findings;
}

}  // namespace

Findings check_gpus(Facts const& facts) {
  Findings findings;
  for (auto const& rank : facts.ranks) {
    auto const asked = asked_by(rank.environment);
    if (!rank.gpu.built_with_cuda) findings.push_back(without_cuda(rank, asked));
    else if (rank.gpu.count == 0) findings.push_back(without_card(rank, asked));
    else
      for (auto& finding : health_of(rank)) findings.push_back(std::move(finding));
  }
  for (auto const& host : by_host(facts))
    for (auto& finding : sharing(host)) findings.push_back(std::move(finding));
  return findings;
}

Findings check_nccl(Facts const& facts) {
  Findings findings;
  for (auto const& rank : facts.ranks) {
    if (rank.gpu.count == 0) continue;
    if (rank.gpu.nccl.empty())
      findings.push_back(
          {Level::warning,
           "nccl",
           "NCCL cannot be loaded",
           rank.gpu.no_nccl,
           "It comes with LibTorch: add its nvidia/nccl/lib to LD_LIBRARY_PATH, or run jobs/install_deps.sh --cuda",
           {rank.rank}});
    else findings.push_back({Level::ok, "nccl", "NCCL " + rank.gpu.nccl, "", "", {rank.rank}});
    std::string set;
    for (auto const& [name, value] : rank.environment)
      if (name.starts_with("NCCL_")) set += (set.empty() ? "" : ", ") + name + "=" + value;
    if (!set.empty())
      findings.push_back({Level::note,
                          "nccl.environment",
                          "environment variables override NCCL's choices",
                          set,
                          "Unset those that you did not set on purpose (module files set some)",
                          {rank.rank}});
  }
  return findings;
}

}  // namespace mambasynth::doctor
