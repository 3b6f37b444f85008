#pragma once

#include <cstdint>
#include <memory>

#include "parallel/group.hpp"

namespace mambasynth::gpu {

/// Sums over the GPUs of a group's ranks with NCCL, one communicator for as long as the object lives, on a stream of
/// its own beside the current one. May be captured into a CUDA graph, which has to go before the object does. A
/// watching thread ends what does not: when a rank reports an error, or one of the calls below that waits has waited
/// for the group's timeout, it aborts the communicator, so that the streams move on, and check() throws.
class AllReduce {
 public:
  /// Collective over the group, each rank with its GPU current. Errors: errors::usage when two ranks have one GPU;
  /// errors::machine when NCCL fails or a rank does not come.
  explicit AllReduce(parallel::Group& group);
  AllReduce(AllReduce const&) = delete;
  AllReduce& operator=(AllReduce const&) = delete;
  /// Aborts what finish() was not called for. Graphs that hold its sums have to be gone: the abort waits for their end.
  ~AllReduce();

  /// Behind what the current stream holds, beside what comes after it: sums in place.
  void begin(float* values, std::int64_t count);
  void begin(double* values, std::int64_t count);
  /// The current stream waits for all that was begun.
  void join();

  /// Waits for a stream or event by `wait`, watched. Errors as check().
  template <class F>
  void waiting(F&& wait) {
    watch(true);
    wait();
    watch(false);
    check();
  }
  /// Errors: parallel::PeerTimeout when the communicator was aborted.
  void check() const;
  /// Collective: an orderly end, when no graph and no stream needs it any more.
  void finish();
  /// Lets go of streams that wait for other ranks. Does not wait.
  void abandon();

 private:
  class State;
  void watch(bool on);
  std::unique_ptr<State> state_;
};

}  // namespace mambasynth::gpu
