#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/inventory.hpp"

/// `mambasynth doctor`: what every rank sees of its host, and what is wrong with it. Facts are collected in one place
/// (inspect.hpp, folder.hpp), sent to rank 0 (gather.hpp) and judged in another (checks.hpp), so that tests can judge
/// the facts of machines that are not available.
namespace mambasynth::doctor {

using Environment = std::map<std::string, std::string>;

struct Space {
  std::string path;
  double total_mb = 0, free_mb = 0;  ///< both 0: the file system does not exist
};

struct Memory {
  double node_mb = 0, available_mb = 0;
  std::optional<double> cgroup_mb;  ///< the tightest limit of all cgroups above this process
};

/// The build of this program; it must be the same on all ranks.
struct Program {
  std::string version, commit, build_type, cuda, gpu_architectures;
};

struct Mpi {
  std::string library, threads;
};

struct RankFacts {
  int rank = 0, size = 1, local_rank = 0, local_size = 1;
  std::string host;
  long pid = 0;
  /// Variables of the launcher, Slurm, OpenMP, NCCL and HDF5, as they were before MPI started (it adds its own).
  Environment environment;
  Program program;
  Mpi mpi;
  std::string instruction_set;
  bool no_launcher = false;  ///< no parent process starts ranks: launcher variables in the environment are stale
  std::vector<int> cores;    ///< that this process may use
  std::optional<double> core_quota;  ///< CPU time that its cgroups grant, in cores
  int default_threads = 1;           ///< threads that a verb uses without --threads
  Memory memory;
  Space shared_memory, temporary;
  std::string
      nvidia_driver;  ///< version of the kernel module, even if the program has no CUDA; empty if none is loaded
  backend::Inventory gpu;
};

/// A rank that did not respond in time, and what it was last known to be doing.
struct Unresponsive {
  int rank = 0;
  std::string host, doing;
};

/// How far a host's clock is from rank 0's.
struct ClockOffset {
  std::string host;
  double seconds = 0, uncertainty = 0;
};

/// The result of one rank's part in a test of the folder; `problem` is empty on success.
struct Attempt {
  int rank = 0;
  std::string problem;
  double seconds = 0;
  std::vector<int> won;  ///< rounds of linking that this rank won
};

struct FolderFacts {
  std::string asked;  ///< as given by --out
  std::string path;   ///< absolute; the nearest existing folder at or above `asked`
  std::string type;   ///< "ext4", "nfs4", "lustre", "tmpfs", ...
  Space space;
  bool in_home = false;
  std::string not_writable;  ///< why not
  std::string not_durable;   ///< why fsync and rename failed
  double write_seconds = 0;  ///< for `written_mb` with fsync
  double written_mb = 0;
  std::vector<Attempt> sees_new, sees_replaced, links;
  int rounds = 0;                  ///< rounds in each of which all ranks tried to link the same name
  std::string hdf5, hdf5_locking;  ///< why our own files cannot be written; why a reader that locks cannot open them
  bool locks_unsupported = false;  ///< flock itself is not supported
};

struct Facts {
  std::vector<RankFacts> ranks;  ///< that responded, by rank; rank 0 first
  std::vector<Unresponsive> unresponsive;
  std::vector<ClockOffset> clocks;
  /// The output of `srun --mpi=list`; nothing outside a Slurm allocation or without srun.
  std::optional<std::string> srun_mpi_list;
  std::optional<FolderFacts> folder;
};

}  // namespace mambasynth::doctor
