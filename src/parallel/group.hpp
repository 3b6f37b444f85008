#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "parallel/communicator.hpp"

namespace mambasynth::parallel {

/// Another rank of the group stopped working on the trial.
class PeerFailed : public std::exception {
 public:
  enum class Cause : int { error, memory, stopped };  ///< memory: it ran out; stopped: on request
  PeerFailed(int world_rank, Cause cause, std::string const& reason);
  [[nodiscard]] char const* what() const noexcept override { return text_.c_str(); }
  [[nodiscard]] Cause cause() const noexcept { return cause_; }

 private:
  Cause cause_;
  std::string text_;
};

/// Another rank of the group does not respond. It will not take part in ending the job, either.
class PeerTimeout : public errors::Error {
 public:
  /// `why`: what this rank waited for, and how long.
  explicit PeerTimeout(std::string const& why);
};

/// The ranks that train one trial together, and collectives among them. All ranks make the same calls in the same
/// order. No call waits forever: the others throw PeerTimeout if a rank sends nothing for `timeout` seconds, and
/// PeerFailed if it reported a failure. After an error the object is unusable.
/// A single rank is also a group, and needs no MPI.
class Group {
 public:
  /// A group of this process only.
  Group();
  /// `ranks` of `world`, including this one; the first is the root. `number` distinguishes this group from others of
  /// the same ranks whose messages may still be in flight. Not collective.
  Group(Communicator const& world, std::vector<int> ranks, std::int64_t number, double timeout);
  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();

  [[nodiscard]] int rank() const noexcept;
  [[nodiscard]] int size() const noexcept;
  [[nodiscard]] bool is_root() const noexcept { return rank() == 0; }
  [[nodiscard]] double timeout() const noexcept;  ///< infinite for a single rank

  /// Starts a sum of `values` over the ranks. They are copied immediately; wait_all() writes the sums back. Each
  /// element is added in rank order, so the sums are bit-identical on all ranks and in every run.
  void begin_all_reduce(std::span<float> values);
  /// Advances the pending reductions as far as possible without blocking.
  void progress();
  /// Waits for all pending reductions.
  void wait_all();
  /// Sums `values` over the ranks and waits for the result.
  void all_reduce(std::span<double> values);
  /// Copies the root's bytes to all ranks.
  void broadcast(std::span<std::byte> bytes);

  /// Notifies the other ranks that this one is stopping, so that they need not wait for their timeout. Never throws.
  void report_failure(PeerFailed::Cause cause, std::string const& reason) noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// Runs this rank's part of a group's work. If it throws, the other ranks are notified before the exception propagates.
template <class F>
auto run_or_notify(Group& group, F&& part) {
  try {
    return part();
  } catch (PeerFailed const&) {
    throw;
  } catch (std::bad_alloc const&) {
    group.report_failure(PeerFailed::Cause::memory, "it ran out of memory");
    throw;
  } catch (std::exception const& error) {
    group.report_failure(PeerFailed::Cause::error, error.what());
    throw;
  } catch (errors::Stopped const&) {
    group.report_failure(PeerFailed::Cause::stopped, "it was asked to stop");
    throw;
  }
}

/// The samples [first, last) of a batch of `count` that belong to rank `rank` of `size`: contiguous slices in rank
/// order, as even as possible.
struct Slice {
  std::int64_t first, last;
};
[[nodiscard]] constexpr Slice slice_of(std::int64_t count, int rank, int size) {
  return {count * rank / size, count * (rank + 1) / size};
}

}  // namespace mambasynth::parallel
