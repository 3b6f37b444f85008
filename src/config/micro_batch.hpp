#pragma once

#include <cstdint>
#include <string>

#include "config/train.hpp"
#include "errors/errors.hpp"

namespace mambasynth::config {

/// The policy for a trial that runs out of memory, on its own or in a sweep: it resumes from its last save with
/// micro-batches of half as many windows, which gives the same gradient up to rounding, until not even single windows
/// fit.
class MicroBatchPolicy {
 public:
  /// `ranks`: the number of ranks that share each batch.
  MicroBatchPolicy(Train const& train, std::int64_t ranks);

  /// How often the micro-batch can be halved; 0 if the loss needs the whole batch.
  [[nodiscard]] int most_halvings() const noexcept { return most_halvings_; }
  /// Windows per micro-batch on each rank after this many halvings; 0 (all of the rank's windows) before the first.
  [[nodiscard]] std::int64_t windows(int halvings) const;
  /// The message if windows(halvings) did not fit and the trial runs again.
  [[nodiscard]] std::string retry_note(int halvings) const;
  /// The error if the micro-batch cannot be halved further.
  [[nodiscard]] errors::Error out_of_memory() const;

 private:
  std::int64_t share_;
  int most_halvings_ = 0;
  bool whole_;
};

}  // namespace mambasynth::config
