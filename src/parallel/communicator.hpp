#pragma once

#include <memory>
#include <optional>
#include <string>

/// MPI without mpi.h: a session, and messages of bytes between ranks.
namespace mambasynth::parallel {

/// A received message.
struct Message {
  int source = 0;
  int tag = 0;
  std::string bytes;
};

/// Point-to-point messages among a group of ranks. Owns its MPI communicator, which is freed with the last copy; that
/// must happen before the Session ends. Thread-safe.
class Communicator {
 public:
  [[nodiscard]] int rank() const noexcept;
  [[nodiscard]] int size() const noexcept;
  /// Rank within this node (the ranks that share its memory), and the number of ranks on the node.
  [[nodiscard]] int local_rank() const noexcept;
  [[nodiscard]] int local_size() const noexcept;
  /// This rank's share of its node's cores, at least 1: cores that several ranks may use are divided among them
  /// (cores/cores.hpp).
  [[nodiscard]] int local_cores() const noexcept;

  /// Errors: errors::machine if the other rank cannot be reached.
  void send(int destination, int tag, std::string const& bytes) const;
  /// The next message that has already arrived, from any rank; nothing if there is none. Never blocks.
  [[nodiscard]] std::optional<Message> try_receive() const;

 private:
  friend class Session;
  friend class Group;
  struct Handle;
  explicit Communicator(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<Handle> handle_;
};

}  // namespace mambasynth::parallel
