#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <utility>

#include "train/learner.hpp"
#include "train/measure.hpp"
#include "train/progress.hpp"

namespace mambasynth::train {
namespace {

class HostLearner final : public Learner {
 public:
  explicit HostLearner(Lesson const& lesson) : lesson_(lesson) {}

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
    auto const x = lesson_.material.train.gather(
        std::span(epoch_.order).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)));
    model::DropoutDraw const draw{.p = lesson_.trial.model.dropout,
                                  .seed = static_cast<std::uint64_t>(lesson_.trial.train.seed),
                                  .step = static_cast<std::uint64_t>(lesson_.optimizer.steps()),
                                  .first_sample = 0};
    network.zero_gradient();
    auto const loss = model::prediction_loss(network.predict(x, draw), x, network.horizons());
    StepReport report{loss.item<double>(), not_measured};
    if (std::isfinite(report.loss)) {
      loss.backward();
      report.gradient_norm = lesson_.optimizer.step(epoch_.rate, epoch_.gate_rate);
    }
    halted_ = !std::isfinite(report.gradient_norm);
    reports_.push_back(report);
  }

  std::vector<StepReport> reports() override { return std::exchange(reports_, {}); }

  double mean_batch_loss(Windows const& windows, std::vector<std::int64_t> const& order) override {
    return train::mean_batch_loss(lesson_.network, windows, lesson_.trial.train.batch_size, order);
  }
  double mean_error(Windows const& windows) override {
    return mean(mse_by_horizon(lesson_.network, windows, lesson_.trial.train.batch_size));
  }

  void remember() override { best_ = snapshot(lesson_.network, lesson_.optimizer); }
  void recall(model::Network& network, Optimizer& optimizer) override { restore(best_, network, optimizer); }
  void fetch() override {}

 private:
  Lesson lesson_;
  Epoch epoch_;
  std::int64_t batch_ = 0;
  bool halted_ = false;
  std::vector<StepReport> reports_;
  Snapshot best_;
};

}  // namespace

std::unique_ptr<Learner> host_learner(Lesson const& lesson) { return std::make_unique<HostLearner>(lesson); }

}  // namespace mambasynth::train
