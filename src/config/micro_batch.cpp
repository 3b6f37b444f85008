#include "config/micro_batch.hpp"

namespace mambasynth::config {
namespace {

std::int64_t halved(std::int64_t windows, int times) {
  for (int i = 0; i < times; ++i) windows = (windows + 1) / 2;
  return windows;
}

}  // namespace

MicroBatchPolicy::MicroBatchPolicy(Train const& train, std::int64_t ranks)
    : share_((train.batch_size + ranks - 1) / ranks), whole_(train.needs_whole_batch()) {
  if (whole_) return;
  while (halved(share_, most_halvings_) > 1) ++most_halvings_;
}

std::int64_t MicroBatchPolicy::windows(int halvings) const { return halvings == 0 ? 0 : halved(share_, halvings); }

std::string MicroBatchPolicy::retry_note(int halvings) const {
  return "out of memory with " + std::to_string(halved(share_, halvings)) + " windows at once; trying " +
         std::to_string(halved(share_, halvings + 1)) + " (the same result up to rounding; recorded in trial.h5)";
}

errors::Error MicroBatchPolicy::out_of_memory() const {
  return {errors::ExitCode::incomplete, "out of memory", "the batch's activations do not fit",
          std::string("Use a smaller --batch-size, window or model") + (whole_ ? "" : ", or start more ranks")};
}

}  // namespace mambasynth::config
