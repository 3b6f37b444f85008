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

/// What a step reports: the batch's loss, and the gradient's L2 norm before clipping.
struct StepReport {
  double loss;
  double gradient_norm;
};

/// The arithmetic of a training on one device: steps may be queued; everything that returns numbers waits for them.
/// The ranks of a group share each batch and each measurement; all get the same numbers.
/// From the first loss or gradient that is no number on, steps change nothing and report nothing more.
class Learner {
 public:
  virtual ~Learner() = default;
  Learner(Learner const&) = delete;
  Learner& operator=(Learner const&) = delete;

  /// What an epoch's steps have in common. `order`: numbers of the training windows; `next_batch`: first that is
  /// wanted.
  struct Epoch {
    std::vector<std::int64_t> order;
    LearningRates lr;
    std::int64_t next_batch;
  };
  virtual void begin(Epoch epoch) = 0;
  /// The next batch of the epoch.
  virtual void step() = 0;
  /// Of the steps since the last call, in order.
  virtual std::vector<StepReport> reports() = 0;

  /// As in measure.hpp, of the parameters as they are now.
  virtual double mean_batch_loss(Windows const& windows, std::vector<std::int64_t> const& order) = 0;
  virtual double mean_error(Windows const& windows) = 0;

  /// Keeps the state as it is now, as the best so far.
  virtual void remember() = 0;
  /// Copies what was kept into another network and its optimizer.
  virtual void recall(model::Network& network, Optimizer& optimizer) = 0;
  /// Brings the network and optimizer that the learner was made from up to date.
  virtual void fetch() = 0;

 protected:
  Learner() = default;
};

/// What a learner is made from; all of it outlives the learner.
struct Lesson {
  config::Trial const& trial;
  Material const& material;
  model::Network& network;
  Optimizer& optimizer;
  parallel::Group& group;
  /// Windows that go through the network at once; 0: this rank's share of a batch. The gradient is summed over the
  /// parts.
  std::int64_t micro_batch = 0;
};

/// Samples [first, last) of a batch that go through the network at once.
using Part = parallel::Slice;
/// This rank's share of a batch of `count` windows in parts of at most `micro_batch` (0: in one); none where it has no
/// share.
std::vector<Part> parts_of(std::int64_t count, Lesson const& lesson);
/// Refuses an objective that takes whole batches (require_trainable) where they would come in parts: errors::usage.
void require_trainable(Lesson const& lesson);
/// Trains on the CPU, through autograd, for the objective of the lesson's configuration. Errors: require_trainable's.
std::unique_ptr<Learner> host_learner(Lesson const& lesson);
/// The same for any objective.
std::unique_ptr<Learner> host_learner_with(Lesson const& lesson, std::unique_ptr<Objective> objective);

/// Makes the learner of a device.
using LearnerFactory = std::function<std::unique_ptr<Learner>(Lesson const&)>;

}  // namespace mambasynth::train
