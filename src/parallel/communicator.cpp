#include "parallel/communicator.hpp"

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "cores/cores.hpp"
#include "errors/errors.hpp"
#include "parallel/communicator_handle.hpp"

namespace mambasynth::parallel {
namespace {

constexpr int most_cores = 8192;

/// Collective over `node`. A rank bound to its own cores gets all of them; ranks that share cores divide them.
int cores_of_this(MPI_Comm node) {
  auto const quota = cores::quota();
  cores::Claim mine{.quota = quota ? quota->cores : 0,
                    .group = quota ? std::hash<std::string>{}(quota->group.string()) : 0,
                    .cores = {}};
  for (int const core : cores::allowed())
    if (core < most_cores) mine.cores.push_back(core);
  struct {
    double quota;
    std::uint64_t group;
    std::bitset<most_cores> cores;
  } packed{mine.quota, mine.group, {}};
  for (int const core : mine.cores) packed.cores.set(static_cast<std::size_t>(core));
  int ranks = 1;
  MPI_Comm_size(node, &ranks);
  std::vector<decltype(packed)> all(static_cast<std::size_t>(ranks));
  MPI_Allgather(&packed, sizeof packed, MPI_BYTE, all.data(), sizeof packed, MPI_BYTE, node);
  std::vector<cores::Claim> claims;
  for (auto const& other : all) {
    claims.push_back({.quota = other.quota, .group = other.group, .cores = {}});
    for (int core = 0; core < most_cores; ++core)
      if (other.cores[static_cast<std::size_t>(core)]) claims.back().cores.push_back(core);
  }
  return cores::share(mine, claims);
}

}  // namespace

Communicator::Handle::Handle(MPI_Comm owned) : comm(owned) {
  MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);  // losing a rank must not abort the others
  MPI_Comm_dup(comm, &group_comm);
  MPI_Comm_set_errhandler(group_comm, MPI_ERRORS_RETURN);
  void* value = nullptr;
  int found = 0;
  MPI_Comm_get_attr(group_comm, MPI_TAG_UB, &value, &found);
  if (found) largest_tag = *static_cast<int*>(value);
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  MPI_Comm node = MPI_COMM_NULL;
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node);
  MPI_Comm_rank(node, &local_rank);
  MPI_Comm_size(node, &local_size);
  local_cores = cores_of_this(node);
  MPI_Comm_free(&node);
}

Communicator::Handle::~Handle() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized) return;
  MPI_Comm_free(&group_comm);
  MPI_Comm_free(&comm);
}

int Communicator::rank() const noexcept { return handle_->rank; }
int Communicator::size() const noexcept { return handle_->size; }
int Communicator::local_rank() const noexcept { return handle_->local_rank; }
int Communicator::local_size() const noexcept { return handle_->local_size; }
int Communicator::local_cores() const noexcept { return handle_->local_cores; }

void Communicator::send(int destination, int tag, std::string const& bytes) const {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw errors::machine("cannot send a message of " + std::to_string(bytes.size()) + " bytes to another rank",
                          "MPI counts in 32 bits", "Please report this");
  std::lock_guard const lock(mpi_mutex());
  if (MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, destination, tag, handle_->comm) != MPI_SUCCESS)
    throw errors::machine("rank " + std::to_string(destination) + " cannot be reached",
                          "MPI could not send a message to it", "Check its node; the same command continues");
}

std::optional<Message> Communicator::try_receive() const {
  std::lock_guard const lock(mpi_mutex());
  int here = 0;
  MPI_Message handle = MPI_MESSAGE_NULL;
  MPI_Status status;
  if (MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, handle_->comm, &here, &handle, &status) != MPI_SUCCESS || !here)
    return std::nullopt;
  int count = 0;
  MPI_Get_count(&status, MPI_BYTE, &count);
  Message message{status.MPI_SOURCE, status.MPI_TAG, std::string(static_cast<std::size_t>(count), '\0')};
  MPI_Mrecv(message.bytes.data(), count, MPI_BYTE, &handle, MPI_STATUS_IGNORE);
  return message;
}

}  // namespace mambasynth::parallel
