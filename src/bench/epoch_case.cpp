#include "bench/epoch_case.hpp"

#include <ATen/ATen.h>
#include <omp.h>

#include <barrier>
#include <exception>
#include <numeric>
#include <optional>
#include <thread>

#include "backend/backend.hpp"
#include "bench/timed_network.hpp"
#include "train/learner.hpp"
#include "train/optimizer.hpp"

namespace mambasynth::bench {
namespace {

config::Trial trial_of(Sizes const& s) {
  config::Trial trial;
  trial.model = s.model;
  trial.train = s.objective;
  trial.train.batch_size = s.batch;
  trial.train.seq_len = s.time;
  trial.train.precision = s.precision;
  return trial;
}

train::DataSplits splits_of(config::Trial const& trial, std::int64_t channels) {
  auto const& train = trial.train;
  auto const series = noise({trial.data.n_steps, channels});
  train::DataSplits splits;
  for (auto* part : {&splits.train, &splits.val}) *part = {series, {}, train.seq_len};
  auto const windows = (trial.data.n_steps - train.seq_len) / train.stride + 1;
  auto const val = static_cast<std::int64_t>(static_cast<double>(windows) * train.val_fraction);
  for (std::int64_t i = 0; i < windows; ++i)
    (i < windows - val ? splits.train : splits.val).starts.push_back(i * train.stride);
  return splits;
}

/// Must be used only by the thread that constructed it.
class Training {
 public:
  explicit Training(Sizes const& s)
      : trial_(trial_of(s)),
        splits_(splits_of(trial_, s.channels)),
        network_(network_of(s)),
        optimizer_(network_),
        learner_(backend::learners(s.device)({trial_, splits_, network_, optimizer_, alone_})),
        order_(static_cast<std::size_t>(splits_.train.count())) {
    std::iota(order_.begin(), order_.end(), std::int64_t{0});
  }
  [[nodiscard]] std::int64_t windows() const { return splits_.train.count(); }
  void epoch() {
    learner_->begin({order_, train::learning_rates(trial_.train.lr, trial_.train.lr), 0});
    for (std::int64_t done = 0; done < windows(); done += trial_.train.batch_size) learner_->step();
    (void)learner_->reports();
    (void)learner_->mean_batch_loss(splits_.val, {});
  }

 private:
  config::Trial trial_;
  train::DataSplits splits_;
  model::Network network_;
  train::Optimizer optimizer_;
  parallel::Group alone_;
  std::unique_ptr<train::Learner> learner_;
  std::vector<std::int64_t> order_;
};

/// Threads that each train an epoch on every call of run(). A thread that fails stops training; finish() throws its
/// error.
class Crew {
 public:
  explicit Crew(Sizes const& s)
      : start_(s.trials + 1), end_(s.trials + 1), errors_(static_cast<std::size_t>(s.trials)) {
    for (auto& error : errors_) threads_.emplace_back([this, &s, &error] { train(s, error); });
    run();
  }
  void run() {
    start_.arrive_and_wait();
    end_.arrive_and_wait();
  }
  ~Crew() { end(); }
  void finish() {
    end();
    for (auto const& error : errors_)
      if (error) std::rethrow_exception(error);
  }

 private:
  void end() {
    if (threads_.empty()) return;
    over_ = true;
    start_.arrive_and_wait();
    threads_.clear();
  }
  void train(Sizes const& s, std::exception_ptr& error) {
    omp_set_num_threads(s.threads);
    std::optional<Training> training;
    for (start_.arrive_and_wait(); !over_; start_.arrive_and_wait()) {
      try {
        if (!training && !error) training.emplace(s);
        if (training) training->epoch();
      } catch (...) {
        error = std::current_exception();
        training.reset();
      }
      end_.arrive_and_wait();
    }
  }

  std::barrier<> start_, end_;
  bool over_ = false;
  std::vector<std::exception_ptr> errors_;
  std::vector<std::jthread> threads_;
};

}  // namespace

Result epochs(Sizes const& s, Effort const& effort) {
  auto result = model_result("epoch", s);
  auto const trial = trial_of(s);
  result.items = static_cast<double>(s.trials * splits_of(trial, 1).train.count() * s.time);
  if (s.trials == 1) {
    Training training(s);
    measure(result, effort, [&] { training.epoch(); });
    return result;
  }
  result.shape.emplace_back("trials", s.trials);
  Crew crew(s);
  measure(result, effort, [&] { crew.run(); });
  crew.finish();
  return result;
}

}  // namespace mambasynth::bench
