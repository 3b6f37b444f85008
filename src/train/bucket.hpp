#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network.hpp"
#include "parallel/group.hpp"

namespace mambasynth::train {

/// A part of the flat gradient that a backward pass completes at once.
struct Stretch {
  std::int64_t first, last;
};
/// The flat gradient from its end to its start, as a backward pass completes it: the final norm with the heads, then
/// each layer, the first one together with the input's projection.
std::vector<Stretch> stretches(model::Network const& network);

/// Sums a network's flat gradient over the ranks of a group, each stretch as soon as autograd has completed it, while
/// the backward goes on.
class Bucket {
 public:
  Bucket(model::Network& network, parallel::Group& group);
  Bucket(Bucket const&) = delete;
  Bucket& operator=(Bucket const&) = delete;
  ~Bucket();

  /// The backward that follows is the step's last.
  void arm();
  /// Begins what no backward has completed (a rank without samples has none), and waits for all.
  void finish();

 private:
  class Hook;
  void completed(std::size_t stretch);
  void begin_ready(bool all);

  model::Network& network_;
  parallel::Group& group_;
  std::vector<Stretch> stretches_;
  std::vector<int> parameters_, missing_;  ///< of each stretch
  std::size_t begun_ = 0;
  bool armed_ = false;
};

}  // namespace mambasynth::train
