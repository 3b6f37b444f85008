#include "train/across_ranks.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "errors/errors.hpp"
#include "store/archive/sha256.hpp"

namespace mambasynth::train {
namespace {

struct Start {
  std::int64_t steps, epoch, batch, best_epoch;
  double loss_sum, first_gradient_norm, last_gradient_norm, best_val, first_loss;
  std::array<std::uint32_t, random::Mt19937::words> random;
  std::uint64_t random_position;
};
static_assert(std::is_trivially_copyable_v<Start>);

std::span<std::byte> bytes_of(at::Tensor const& tensor) {
  return {static_cast<std::byte*>(tensor.mutable_data_ptr()), tensor.nbytes()};
}

}  // namespace

void broadcast_start(parallel::Group& group, model::Network& network, Optimizer& optimizer, ResumePoint& point) {
  if (group.size() == 1) return;
  auto& p = point.progress;
  Start start{optimizer.steps(),
              p.epoch,
              p.batch,
              p.best_epoch,
              p.loss_sum,
              p.first_gradient_norm,
              p.last_gradient_norm,
              p.best_val,
              p.first_loss,
              point.epoch_start.state(),
              point.epoch_start.position()};
  group.broadcast(std::as_writable_bytes(std::span(&start, 1)));
  for (auto const& tensor : {network.flat(), optimizer.first_moment(), optimizer.second_moment()})
    group.broadcast(bytes_of(tensor));
  if (group.is_root()) return;
  optimizer.set_steps(start.steps);
  p = {.epoch = start.epoch,
       .batch = start.batch,
       .loss_sum = start.loss_sum,
       .first_gradient_norm = start.first_gradient_norm,
       .last_gradient_norm = start.last_gradient_norm,
       .best_val = start.best_val,
       .best_epoch = start.best_epoch,
       .first_loss = start.first_loss,
       .history = {}};
  point.epoch_start = {start.random, start.random_position};
}

void require_same_state(parallel::Group& group, model::Network const& network, Optimizer const& optimizer) {
  if (group.size() == 1) return;
  store::Sha256 digest;
  for (auto const& tensor : {network.flat(), optimizer.first_moment(), optimizer.second_moment()})
    digest.add(bytes_of(tensor));
  auto const own = digest.hex();
  auto roots = own;
  group.broadcast(std::as_writable_bytes(std::span(roots.data(), roots.size())));
  double different = own == roots ? 0 : 1;
  group.all_reduce({&different, 1});
  if (different > 0)
    throw errors::machine("the ranks of one trial have different parameters",
                          "the same sums gave different bits on " + std::to_string(static_cast<int>(different)) +
                              " of " + std::to_string(group.size()) + " ranks",
                          "Run each trial on processors of one kind; its last save is intact");
}

Request broadcast(parallel::Group& group, Request own) {
  if (group.size() == 1) return own;
  std::array<std::byte, 1> word{static_cast<std::byte>(own)};
  group.broadcast(word);
  return static_cast<Request>(word[0]);
}

}  // namespace mambasynth::train
