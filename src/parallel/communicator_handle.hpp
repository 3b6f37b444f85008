#pragma once

#include <mpi.h>

#include "parallel/communicator.hpp"

namespace mambasynth::parallel {

/// Private to this folder: the only place where an MPI_Comm is kept.
struct Communicator::Handle {
  explicit Handle(MPI_Comm owned);
  Handle(Handle const&) = delete;
  Handle& operator=(Handle const&) = delete;
  ~Handle();
  MPI_Comm comm;
  int rank = 0, size = 1, local_rank = 0, local_size = 1;
};

}  // namespace mambasynth::parallel
