#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// `mambasynth doctor --job`: the #SBATCH lines that fit a cluster, from what its Slurm says of itself.
namespace mambasynth::doctor {

/// A kind of node in a partition: a line of `sinfo --format=%P|%a|%l|%D|%c|%m|%G`.
struct NodeKind {
  std::string partition;
  bool is_default = false, up = true;
  std::optional<std::int64_t> longest_s;  ///< nothing: no limit
  std::int64_t nodes = 0, cores = 0, memory_mb = 0, gpus = 0;
};

/// Parses the output of sinfo; lines that it cannot read are left out.
std::vector<NodeKind> node_kinds(std::string const& sinfo);

struct Cluster {
  std::vector<NodeKind> kinds;
  std::vector<std::string> accounts;  ///< of this user; empty: unknown, or the site has none
  bool pmix = false;                  ///< `srun --mpi=list` names pmix
};

/// Asks sinfo, sacctmgr and srun, each for at most ten seconds. Errors: errors::machine if sinfo is missing or
/// does not answer.
Cluster ask_slurm();

/// The lines for a job script, with a sentence on why, and the command that submits a sweep with them. `partition`: the
/// one to use; "": one with GPUs, if possible the default. Errors: errors::usage for a partition that does not exist,
/// and if no partition is up.
std::string job_lines(Cluster const& cluster, std::string const& partition);

}  // namespace mambasynth::doctor
