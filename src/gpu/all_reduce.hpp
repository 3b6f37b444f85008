#pragma once

#include <cstdint>
#include <memory>

#include "parallel/group.hpp"

namespace mambasynth::gpu {

/// All-reduces (sums) over the GPUs of a group's ranks with NCCL: one communicator for the object's lifetime, on its
/// own stream. May be captured in a CUDA graph, which must be destroyed before the object. A watchdog thread aborts the
/// communicator when a rank reports an error or a wait below exceeds the group's timeout; the streams then proceed, and
/// check() throws.
class AllReduce {
 public:
  /// Collective over the group, each rank with its GPU current. Errors: errors::usage when two ranks share a GPU;
  /// errors::machine when NCCL fails or a rank does not join.
  explicit AllReduce(parallel::Group& group);
  AllReduce(AllReduce const&) = delete;
  AllReduce& operator=(AllReduce const&) = delete;
  /// Aborts the communicator unless finish() was called. No graph may hold its sums: the abort waits for their end.
  ~AllReduce();

  /// Starts an in-place sum, after the current stream's work so far and concurrent with what follows.
  void begin(float* values, std::int64_t count);
  void begin(double* values, std::int64_t count);
  /// Makes the current stream wait for all sums started.
  void join();

  /// Calls `wait`, which waits for a stream or an event, under the watchdog. Errors: check()'s.
  template <class F>
  void waiting(F&& wait) {
    watch(true);
    wait();
    watch(false);
    check();
  }
  /// Errors: parallel::PeerTimeout when the communicator was aborted.
  void check() const;
  /// Collective: closes the communicator. No graph and no stream may use it anymore.
  void finish();
  /// Releases streams that wait for other ranks. Does not wait.
  void abandon();

 private:
  class State;
  void watch(bool on);
  std::unique_ptr<State> state_;
};

}  // namespace mambasynth::gpu
