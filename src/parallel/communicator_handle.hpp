#pragma once

#include <mpi.h>

#include <mutex>

#include "parallel/communicator.hpp"

namespace mambasynth::parallel {

/// Threads take turns at MPI (MPI_THREAD_SERIALIZED): who calls it holds this, and nobody waits inside MPI holding it.
inline std::mutex& mpi_turn() {
  static std::mutex mutex;
  return mutex;
}

/// Private to this folder: the only place where an MPI_Comm is kept.
struct Communicator::Handle {
  explicit Handle(MPI_Comm owned);
  Handle(Handle const&) = delete;
  Handle& operator=(Handle const&) = delete;
  ~Handle();
  MPI_Comm comm;
  MPI_Comm among = MPI_COMM_NULL;  ///< the same ranks; what groups of them say to each other
  int largest_tag = 32767;
  int rank = 0, size = 1, local_rank = 0, local_size = 1, local_cores = 1;
};

}  // namespace mambasynth::parallel
