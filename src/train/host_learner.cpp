#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "errors/errors.hpp"
#include "train/bucket.hpp"
#include "train/learner.hpp"
#include "train/measure.hpp"
#include "train/progress.hpp"

namespace mambasynth::train {
namespace {

class HostLearner final : public Learner {
 public:
  HostLearner(Lesson const& lesson, std::unique_ptr<Objective> objective)
      : lesson_(lesson), objective_(std::move(objective)), bucket_(lesson.network, lesson.group) {}

  void begin(Epoch epoch) override {
    epoch_ = std::move(epoch);
    batch_ = epoch_.next_batch;
  }

  void step() override {
    if (halted_) return;
    auto& network = lesson_.network;
    auto const size = lesson_.trial.train.batch_size;
    auto const first = batch_++ * size;
    auto const count = std::min(size, static_cast<std::int64_t>(epoch_.order.size()) - first);
    network.zero_gradient();
    StepReport report{0, not_measured};
    auto const parts = parts_of(count, lesson_);
    for (auto const& part : parts) {
      if (&part == &parts.back()) bucket_.arm();
      report.loss += forward_and_backward(first, part, count);
    }
    bucket_.finish();
    lesson_.group.all_reduce({&report.loss, 1});
    if (std::isfinite(report.loss)) report.gradient_norm = lesson_.optimizer.step(epoch_.lr);
    halted_ = !std::isfinite(report.gradient_norm);
    reports_.push_back(report);
  }

  std::vector<StepReport> reports() override { return std::exchange(reports_, {}); }

  double mean_batch_loss(Windows const& windows, std::vector<std::int64_t> const& order) override {
    return train::mean_batch_loss(lesson_.network, windows, lesson_.trial.train.batch_size, order, &lesson_.group,
                                  lesson_.micro_batch);
  }
  double mean_error(Windows const& windows) override {
    auto const at_once = lesson_.micro_batch > 0 ? lesson_.micro_batch : lesson_.trial.train.batch_size;
    return mean(mse_by_horizon(lesson_.network, windows, at_once, &lesson_.group));
  }

  void remember() override { best_ = snapshot(lesson_.network, lesson_.optimizer); }
  void recall(model::Network& network, Optimizer& optimizer) override { restore(best_, network, optimizer); }
  void fetch() override {}

 private:
  /// Adds to the gradient what samples part.first .. of the batch from window `first` on have to say; their part of the
  /// loss.
  double forward_and_backward(std::int64_t first, Part const& part, std::int64_t count) {
    auto const& network = lesson_.network;
    auto const samples = part.last - part.first;
    auto const x = lesson_.material.train.gather(
        std::span(epoch_.order)
            .subspan(static_cast<std::size_t>(first + part.first), static_cast<std::size_t>(samples)));
    model::DropoutDraw const draw{.p = lesson_.trial.model.dropout,
                                  .seed = static_cast<std::uint64_t>(lesson_.trial.train.seed),
                                  .step = static_cast<std::uint64_t>(lesson_.optimizer.steps()),
                                  .first_sample = part.first};
    auto loss = objective_->loss(network, x, draw);
    if (samples != count) loss = loss * (static_cast<double>(samples) / static_cast<double>(count));
    auto const value = loss.item<double>();
    if (std::isfinite(value)) loss.backward();
    return value;
  }

  Lesson lesson_;
  std::unique_ptr<Objective> objective_;
  Bucket bucket_;
  Epoch epoch_;
  std::int64_t batch_ = 0;
  bool halted_ = false;
  std::vector<StepReport> reports_;
  Snapshot best_;
};

}  // namespace

std::vector<Part> parts_of(std::int64_t count, Lesson const& lesson) {
  auto const share = parallel::slice_of(count, lesson.group.rank(), lesson.group.size());
  auto const most = lesson.micro_batch > 0 ? lesson.micro_batch : count;
  std::vector<Part> parts;
  for (auto first = share.first; first < share.last; first += most)
    parts.push_back({first, std::min(first + most, share.last)});
  return parts;
}

void require_trainable(Lesson const& lesson) {
  auto const& train = lesson.trial.train;
  require_trainable(train, lesson.group.size());
  if (train.needs_whole_batch() && lesson.micro_batch > 0 && lesson.micro_batch < train.batch_size)
    throw errors::usage("train.contrastive_lambda is not available with parts of a batch",
                        "its negatives are drawn from a whole batch", "Use a smaller --batch-size");
}

std::unique_ptr<Learner> host_learner(Lesson const& lesson) {
  require_trainable(lesson);
  return host_learner_with(lesson, objective_of(lesson.trial.train));
}

std::unique_ptr<Learner> host_learner_with(Lesson const& lesson, std::unique_ptr<Objective> objective) {
  return std::make_unique<HostLearner>(lesson, std::move(objective));
}

}  // namespace mambasynth::train
