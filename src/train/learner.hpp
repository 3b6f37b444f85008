#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "parallel/group.hpp"
#include "train/objective.hpp"
#include "train/optimizer.hpp"
#include "train/windows.hpp"

namespace mambasynth::train {

/// A batch's loss, and the L2 norm of its gradient before clipping.
struct StepReport {
  double loss;
  double gradient_norm;
};

/// The arithmetic of training on one device: steps may be queued; everything that returns numbers waits for them.
/// The ranks of a group share each batch and each measurement; all get the same numbers.
/// After the first loss or gradient that is not finite, further steps change and report nothing.
class Learner {
 public:
  virtual ~Learner() = default;
  Learner(Learner const&) = delete;
  Learner& operator=(Learner const&) = delete;

  /// What the steps of an epoch share. `order`: numbers of the training windows; `next_batch`: the first batch to
  /// train.
  struct Epoch {
    std::vector<std::int64_t> order;
    LearningRates lr;
    std::int64_t next_batch;
  };
  virtual void begin(Epoch epoch) = 0;
  /// Trains the next batch of the epoch.
  virtual void step() = 0;
  /// Of the steps since the last call, in order.
  virtual std::vector<StepReport> reports() = 0;

  /// As in measure.hpp, of the current parameters.
  virtual double mean_batch_loss(Windows const& windows, std::vector<std::int64_t> const& order) = 0;
  virtual double mean_error(Windows const& windows) = 0;

  /// Keeps a copy of the current state as the best so far.
  virtual void snapshot_best() = 0;
  /// Copies that state into another network and its optimizer.
  virtual void restore_best(model::Network& network, Optimizer& optimizer) = 0;
  /// Updates the network and optimizer that the learner was made from.
  virtual void sync_to_host() = 0;

 protected:
  Learner() = default;
};

/// What a learner is made from; all of it must outlive the learner.
struct LearnerContext {
  config::Trial const& trial;
  DataSplits const& splits;
  model::Network& network;
  Optimizer& optimizer;
  parallel::Group& group;
  /// Windows in one forward pass; 0: this rank's share of a batch. Gradients are summed over the micro-batches.
  std::int64_t micro_batch = 0;
};

/// Samples [first, last) of a batch that pass through the network together.
using MicroBatch = parallel::Slice;
/// This rank's share of a batch of `count` windows, in micro-batches of at most `context.micro_batch` windows (0: in
/// one); empty if it has no share.
std::vector<MicroBatch> micro_batches_of(std::int64_t count, LearnerContext const& context);
/// Refuses micro-batches for an objective that takes whole batches (objective.hpp): errors::usage.
void require_trainable(LearnerContext const& context);
/// Trains on the CPU, through autograd, the objective of the configuration. Errors: require_trainable's.
std::unique_ptr<Learner> host_learner(LearnerContext const& context);
/// The same for any objective.
std::unique_ptr<Learner> host_learner_with(LearnerContext const& context, std::unique_ptr<Objective> objective);

/// Makes the learner of a device.
using LearnerFactory = std::function<std::unique_ptr<Learner>(LearnerContext const&)>;

}  // namespace mambasynth::train
