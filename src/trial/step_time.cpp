#include "trial/step_time.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "backend/backend.hpp"
#include "errors/stop.hpp"
#include "model/network.hpp"
#include "train/learner.hpp"
#include "train/optimizer.hpp"

namespace mambasynth::trial {

double seconds_per_step(config::Trial const& trial, std::int64_t channels, std::string const& device, double seconds) {
  using Clock = std::chrono::steady_clock;
  auto const& train = trial.train;
  auto const generator = at::detail::createCPUGenerator(static_cast<std::uint64_t>(train.seed));
  train::DataSplits splits;
  splits.train = {at::randn({train.seq_len + train.batch_size - 1, channels}, generator), {}, train.seq_len};
  splits.train.starts.resize(static_cast<std::size_t>(train.batch_size));
  std::iota(splits.train.starts.begin(), splits.train.starts.end(), std::int64_t{0});
  splits.val = splits.train;

  model::Network network(trial.model, channels);
  model::initialize(network, generator);
  train::Optimizer optimizer(network);
  parallel::Group alone;
  auto const learner = backend::learners(device)({trial, splits, network, optimizer, alone});
  std::vector<std::int64_t> order(splits.train.starts.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  auto const step = [&] {
    errors::check_stop();
    learner->begin({order, train::learning_rates(train.lr, train.lr), 0});
    learner->step();
    (void)learner->reports();  // waits for the device
  };
  auto const since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  step();
  auto const start = Clock::now();
  int steps = 0;
  do {
    step();
    ++steps;
  } while (since(start) < seconds);
  return since(start) / steps;
}

}  // namespace mambasynth::trial
