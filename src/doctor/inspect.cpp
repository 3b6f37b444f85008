#include "doctor/inspect.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "cores/cores.hpp"
#include "doctor/memory.hpp"
#include "environment/command_output.hpp"
#include "environment/environment.hpp"
#include "environment/launcher.hpp"
#include "kernels/cpu.hpp"
#include "provenance/build.hpp"
#include "provenance/run.hpp"

namespace mambasynth::doctor {
namespace {

constexpr std::array<char const*, 38> known_variables{"SLURM_JOB_ID",
                                                      "SLURM_NTASKS",
                                                      "SLURM_STEP_ID",
                                                      "SLURM_STEP_NUM_TASKS",
                                                      "SLURM_PROCID",
                                                      "SLURM_LOCALID",
                                                      "SLURM_NODEID",
                                                      "SLURM_CPUS_PER_TASK",
                                                      "SLURM_MEM_PER_NODE",
                                                      "SLURM_MEM_PER_CPU",
                                                      "SLURM_CPUS_ON_NODE",
                                                      "SLURM_GPUS_ON_NODE",
                                                      "SLURM_JOB_GPUS",
                                                      "SLURM_STEP_GPUS",
                                                      "SLURM_MPI_TYPE",
                                                      "CUDA_VISIBLE_DEVICES",
                                                      "OMPI_COMM_WORLD_SIZE",
                                                      "OMPI_COMM_WORLD_RANK",
                                                      "PMIX_RANK",
                                                      "PMI_RANK",
                                                      "PMI_SIZE",
                                                      "OMP_NUM_THREADS",
                                                      "OMP_PROC_BIND",
                                                      "NCCL_NVLS_ENABLE",
                                                      "NCCL_SOCKET_IFNAME",
                                                      "NCCL_IB_DISABLE",
                                                      "NCCL_P2P_DISABLE",
                                                      "NCCL_DEBUG",
                                                      "HDF5_USE_FILE_LOCKING",
                                                      "MAMBASYNTH_CPU",
                                                      "OMPI_MCA_btl",
                                                      "OMPI_MCA_pml",
                                                      "OMPI_MCA_hwloc_base_binding_policy",
                                                      "UCX_TLS",
                                                      "UCX_NET_DEVICES",
                                                      "TMPDIR",
                                                      "APPTAINER_CONTAINER",
                                                      "SINGULARITY_CONTAINER"};

}  // namespace

Environment launch_environment() {
  Environment set;
  for (auto const* name : known_variables)
    if (char const* const value = std::getenv(name)) set[name] = value;
  return set;
}

bool tasks_cannot_meet(Environment const& environment) {
  auto const tasks = environment.find("SLURM_STEP_NUM_TASKS");
  if (tasks == environment.end() || environment::parse_integer(tasks->second, 2, 1 << 30) == std::nullopt ||
      environment.contains("OMPI_COMM_WORLD_SIZE"))
    return false;
  for (char** variable = ::environ; *variable; ++variable) {
    std::string_view const name(*variable);
    // PMIX_MCA_... are a user's settings; a launcher's own variables show that it supports PMIx or PMI.
    if (name.starts_with("PMI") && !name.starts_with("PMIX_MCA_")) return false;
  }
  return true;
}

void inspect_host(RankFacts& facts, std::function<void(std::string const&)> const& doing) {
  doing("reading kernel information about this host");
  facts.host = provenance::host_name();
  facts.pid = ::getpid();
  auto const& build = provenance::build();
  facts.program = {build.version, build.commit + (build.dirty ? " (with uncommitted changes)" : ""), build.type,
                   build.cuda, build.gpu_architectures};
  facts.instruction_set = kernels::cpu_instruction_set();
  facts.cores = cores::allowed();
  if (auto const quota = cores::quota()) facts.core_quota = quota->cores;
  facts.default_threads = cores::default_threads();
  facts.no_launcher = !environment::has_launcher();
  facts.memory = read_memory();
  facts.nvidia_driver = provenance::nvidia_driver();
  doing("inspecting /dev/shm");
  facts.shared_memory = space_at("/dev/shm");
  auto const temporary = facts.environment.find("TMPDIR");
  auto const folder = temporary == facts.environment.end() ? std::string("/tmp") : temporary->second;
  doing("inspecting " + folder);
  facts.temporary = space_at(folder);
  doing("querying the GPU driver");
  facts.gpu = backend::inventory();
}

std::optional<std::string> ask_srun(Environment const& environment) {
  if (!environment.contains("SLURM_JOB_ID")) return std::nullopt;
  // KILL, because child processes inherit the blocked SIGTERM (see CleanupOnSignal).
  auto answer =
      environment::output_of("command -v srun >/dev/null || exit 99; timeout -s KILL 10 srun --mpi=list 2>&1");
  if (!answer || !answer->succeeded) return std::nullopt;
  return std::move(answer->text);
}

}  // namespace mambasynth::doctor
