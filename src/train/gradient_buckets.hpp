#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network.hpp"
#include "parallel/group.hpp"

namespace mambasynth::train {

/// Elements [first, last) of the flat gradient, which a backward pass completes together.
struct GradientBucket {
  std::int64_t first, last;
};
/// The flat gradient from its end to its start, in the order in which a backward pass completes it: the final norm with
/// the heads, then each layer, the first one together with the input projection.
std::vector<GradientBucket> gradient_buckets(model::Network const& network);

/// Sums a network's flat gradient over the ranks of a group during the backward pass: each bucket as soon as autograd
/// has completed it.
class GradientReducer {
 public:
  GradientReducer(model::Network& network, parallel::Group& group);
  GradientReducer(GradientReducer const&) = delete;
  GradientReducer& operator=(GradientReducer const&) = delete;
  ~GradientReducer();

  /// The next backward pass is the step's last: its gradients are final.
  void prepare_for_last_backward();
  /// Starts the buckets that no backward pass has completed (a rank without samples has none), and waits for all.
  void finish();

 private:
  class Hook;
  void parameter_completed(std::size_t bucket);
  void start_ready(bool all);

  model::Network& network_;
  parallel::Group& group_;
  std::vector<GradientBucket> buckets_;
  std::vector<int> parameters_, missing_;  ///< of each bucket
  std::size_t started_ = 0;
  bool last_backward_ = false;
};

}  // namespace mambasynth::train
