#pragma once

#include <mpi.h>

#include <mutex>

#include "parallel/communicator.hpp"

namespace mambasynth::parallel {

/// Serializes calls to MPI (MPI_THREAD_SERIALIZED). Never block inside MPI while holding it.
inline std::mutex& mpi_mutex() {
  static std::mutex mutex;
  return mutex;
}

/// Private to this folder, the only one that holds an MPI_Comm.
struct Communicator::Handle {
  explicit Handle(MPI_Comm owned);
  Handle(Handle const&) = delete;
  Handle& operator=(Handle const&) = delete;
  ~Handle();
  MPI_Comm comm;
  MPI_Comm group_comm = MPI_COMM_NULL;  ///< the same ranks, for the messages of Group
  int largest_tag = 32767;
  int rank = 0, size = 1, local_rank = 0, local_size = 1, local_cores = 1;
};

}  // namespace mambasynth::parallel
