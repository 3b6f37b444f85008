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

/// The work of a group ended on another rank.
class GivenUp : public std::exception {
 public:
  enum class Why : int { error, memory, stopped };  ///< memory: it had none left; stopped: on request
  GivenUp(int world_rank, Why why, std::string const& reason);
  [[nodiscard]] char const* what() const noexcept override { return text_.c_str(); }
  [[nodiscard]] Why why() const noexcept { return why_; }

 private:
  Why why_;
  std::string text_;
};

/// Another rank of the group does not answer. It will not come to the end of the job either.
class Unanswered : public errors::Error {
 public:
  /// `why`: what was waited for, and how long.
  explicit Unanswered(std::string const& why);
};

/// Ranks that train one trial together: sums and broadcasts among them. All of them make the same calls in the same
/// order. Nothing waits for ever: a rank from which nothing comes for `timeout` seconds is an error on the others
/// (Unanswered), and so is one that gave up (GivenUp). The object is of no use after an error.
/// One rank alone is a group as well, and needs no MPI.
class Group {
 public:
  /// This process alone.
  Group();
  /// `ranks` of `world`, this one among them; the first leads. `number` tells this group from others of the same ranks
  /// whose messages may still be under way. Not collective.
  Group(Communicator const& world, std::vector<int> ranks, std::int64_t number, double timeout);
  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();

  [[nodiscard]] int rank() const noexcept;
  [[nodiscard]] int size() const noexcept;
  [[nodiscard]] bool alone() const noexcept { return size() == 1; }
  [[nodiscard]] bool leads() const noexcept { return rank() == 0; }
  [[nodiscard]] double timeout() const noexcept;  ///< alone: infinite

  /// Begins to sum `values` over the ranks. They are copied out at once and come back summed in finish(). Each element
  /// is summed in the order of ranks, so all ranks get the same bits, in every run.
  void begin_sum(std::span<float> values);
  /// Moves on what has begun, as far as possible without waiting.
  void progress();
  /// Waits for all sums that have begun.
  void finish();
  /// begin_sum and finish in one.
  void sum(std::span<double> values);
  /// The leader's bytes to all.
  void share(std::span<std::byte> bytes);

  /// Tells the others that this rank goes no further, so that they need not wait for their timeout. Never throws.
  void give_up(GivenUp::Why why, std::string const& reason) noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// Runs this rank's part of what a group does together. What it throws is told to the others first.
template <class F>
auto together(Group& group, F&& part) {
  try {
    return part();
  } catch (GivenUp const&) {
    throw;
  } catch (std::bad_alloc const&) {
    group.give_up(GivenUp::Why::memory, "it has no memory left");
    throw;
  } catch (std::exception const& error) {
    group.give_up(GivenUp::Why::error, error.what());
    throw;
  } catch (errors::Stopped const&) {
    group.give_up(GivenUp::Why::stopped, "it was asked to stop");
    throw;
  }
}

/// Sample numbers [first, last) of a batch of `count` that rank `rank` of `size` takes: parts in order, as even as can
/// be.
struct Share {
  std::int64_t first, last;
};
[[nodiscard]] constexpr Share share_of(std::int64_t count, int rank, int size) {
  return {count * rank / size, count * (rank + 1) / size};
}

}  // namespace mambasynth::parallel
