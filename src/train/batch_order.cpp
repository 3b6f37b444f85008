#include "train/batch_order.hpp"

namespace mambasynth::train {

void BatchOrder::start_iteration(bool& running) {
  if (settings_.workers && running) return;
  running = true;
  generator_.int64();
}

std::vector<std::int64_t> BatchOrder::shuffled() {
  auto const epoch_seed = generator_.int64();
  return random::Mt19937(static_cast<std::uint64_t>(epoch_seed)).permutation(settings_.train_windows);
}

std::vector<std::int64_t> BatchOrder::training() {
  start_iteration(train_running_);
  return shuffled();
}

std::vector<std::int64_t> BatchOrder::training_evaluation() { return training(); }

void BatchOrder::validation() { start_iteration(validation_running_); }

std::vector<std::int64_t> BatchOrder::next_epoch() {
  auto order = training();
  if (settings_.train_eval) training_evaluation();
  validation();
  return order;
}

}  // namespace mambasynth::train
