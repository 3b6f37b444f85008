#pragma once

#include <memory>
#include <optional>
#include <string>

/// MPI without MPI's header: a session and byte messages between ranks.
namespace mambasynth::parallel {

/// Bytes as they arrived.
struct Message {
  int source = 0;
  int tag = 0;
  std::string bytes;
};

/// Point-to-point messages among a group of ranks. Owns its MPI communicator (freed with the last copy, which has to
/// happen before the Session ends). Threads may share it.
class Communicator {
 public:
  [[nodiscard]] int rank() const noexcept;
  [[nodiscard]] int size() const noexcept;
  /// Rank among the ranks that share this one's memory (a node), and how many they are.
  [[nodiscard]] int local_rank() const noexcept;
  [[nodiscard]] int local_size() const noexcept;
  /// Cores that this rank may keep busy beside the others of its node, at least 1: what each may use is shared among
  /// those that may use the same (cores/cores.hpp).
  [[nodiscard]] int local_cores() const noexcept;

  /// Errors: errors::machine where the other rank cannot be reached.
  void send(int destination, int tag, std::string const& bytes) const;
  /// A message that is already here, from anybody, in order of arrival; none otherwise. Never waits.
  [[nodiscard]] std::optional<Message> try_receive() const;

 private:
  friend class Session;
  friend class Group;
  struct Handle;
  explicit Communicator(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<Handle> handle_;
};

}  // namespace mambasynth::parallel
