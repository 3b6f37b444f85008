#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "errors/errors.hpp"
#include "train/gradient_buckets.hpp"
#include "train/learner.hpp"
#include "train/measure.hpp"
#include "train/progress.hpp"

namespace mambasynth::train {
namespace {

class HostLearner final : public Learner {
 public:
  HostLearner(LearnerContext const& context, std::unique_ptr<Objective> objective)
      : context_(context), objective_(std::move(objective)), reducer_(context.network, context.group) {}

  void begin(Epoch epoch) override {
    epoch_ = std::move(epoch);
    batch_ = epoch_.next_batch;
  }

  void step() override {
    if (halted_) return;
    auto& network = context_.network;
    auto const size = context_.trial.train.batch_size;
    auto const first = batch_++ * size;
    auto const count = std::min(size, static_cast<std::int64_t>(epoch_.order.size()) - first);
    network.zero_gradient();
    StepReport report{0, not_measured};
    auto const micro_batches = micro_batches_of(count, context_);
    for (auto const& micro_batch : micro_batches) {
      if (&micro_batch == &micro_batches.back()) reducer_.prepare_for_last_backward();
      report.loss += forward_and_backward(first, micro_batch, count);
    }
    reducer_.finish();
    context_.group.all_reduce({&report.loss, 1});
    if (std::isfinite(report.loss)) report.gradient_norm = context_.optimizer.step(epoch_.lr);
    halted_ = !std::isfinite(report.gradient_norm);
    reports_.push_back(report);
  }

  std::vector<StepReport> reports() override { return std::exchange(reports_, {}); }

  double mean_batch_loss(Windows const& windows, std::vector<std::int64_t> const& order) override {
    return train::mean_batch_loss(context_.network, windows, context_.trial.train.batch_size, order, &context_.group,
                                  context_.micro_batch);
  }
  double mean_error(Windows const& windows) override {
    auto const windows_at_once = context_.micro_batch > 0 ? context_.micro_batch : context_.trial.train.batch_size;
    return mean(mse_by_horizon(context_.network, windows, windows_at_once, &context_.group));
  }

  void snapshot_best() override { best_ = snapshot(context_.network, context_.optimizer); }
  void restore_best(model::Network& network, Optimizer& optimizer) override { restore(best_, network, optimizer); }
  void sync_to_host() override {}

 private:
  /// Adds the gradient of a micro-batch of the batch of `count` windows that starts at window `first`. Returns its part
  /// of the batch's loss.
  double forward_and_backward(std::int64_t first, MicroBatch const& micro_batch, std::int64_t count) {
    auto const& network = context_.network;
    auto const samples = micro_batch.last - micro_batch.first;
    auto const x = context_.splits.train.gather(
        std::span(epoch_.order)
            .subspan(static_cast<std::size_t>(first + micro_batch.first), static_cast<std::size_t>(samples)));
    model::DropoutKey const key{.p = context_.trial.model.dropout,
                                .seed = static_cast<std::uint64_t>(context_.trial.train.seed),
                                .step = static_cast<std::uint64_t>(context_.optimizer.steps()),
                                .first_sample = micro_batch.first};
    auto loss = objective_->loss(network, x, key);
    if (samples != count) loss = loss * (static_cast<double>(samples) / static_cast<double>(count));
    auto const value = loss.item<double>();
    if (std::isfinite(value)) loss.backward();
    return value;
  }

  LearnerContext context_;
  std::unique_ptr<Objective> objective_;
  GradientReducer reducer_;
  Epoch epoch_;
  std::int64_t batch_ = 0;
  bool halted_ = false;
  std::vector<StepReport> reports_;
  Snapshot best_;
};

}  // namespace

std::vector<MicroBatch> micro_batches_of(std::int64_t count, LearnerContext const& context) {
  auto const share = parallel::slice_of(count, context.group.rank(), context.group.size());
  auto const most = context.micro_batch > 0 ? context.micro_batch : count;
  std::vector<MicroBatch> micro_batches;
  for (auto first = share.first; first < share.last; first += most)
    micro_batches.push_back({first, std::min(first + most, share.last)});
  return micro_batches;
}

void require_trainable(LearnerContext const& context) {
  auto const& train = context.trial.train;
  require_trainable(train, context.group.size());
  if (train.needs_whole_batch() && context.micro_batch > 0 && context.micro_batch < train.batch_size)
    throw errors::usage("train." + std::string(train.whole_batch_key()) + " is not available with micro-batches",
                        "that loss needs the whole batch at once", "Use a smaller --batch-size");
}

std::unique_ptr<Learner> host_learner(LearnerContext const& context) {
  require_trainable(context);
  return host_learner_with(context, objective_of(context.trial.train));
}

std::unique_ptr<Learner> host_learner_with(LearnerContext const& context, std::unique_ptr<Objective> objective) {
  return std::make_unique<HostLearner>(context, std::move(objective));
}

}  // namespace mambasynth::train
