#pragma once

#include <cstdint>
#include <string>

#include "config/train.hpp"
#include "errors/errors.hpp"

namespace mambasynth::config {

/// What happens when a trial runs out of memory, alone or in a sweep: it runs again from its last save with
/// micro-batches of half as many windows, which gives the same gradient up to rounding, until single windows do not fit
/// either.
class MicroBatch {
 public:
  /// `ranks`: how many share each batch.
  MicroBatch(Train const& train, std::int64_t ranks);

  /// How often it can be halved; 0 where the loss needs a whole batch.
  [[nodiscard]] int most_halvings() const noexcept { return most_halvings_; }
  /// Windows at once on each rank after so many halvings; 0, all of its share, before the first.
  [[nodiscard]] std::int64_t windows(int halvings) const;
  /// What to tell the user when windows(halvings) did not fit and the trial runs again.
  [[nodiscard]] std::string retry_note(int halvings) const;
  /// What to tell the user when the trial cannot be made smaller.
  [[nodiscard]] errors::Error out_of_memory() const;

 private:
  std::int64_t share_;
  int most_halvings_ = 0;
  bool whole_;
};

}  // namespace mambasynth::config
