#pragma once

#include <cstdint>
#include <vector>

#include "gpu/engine.hpp"
#include "gpu/epoch_draws.hpp"
#include "kernels/cuda/stream.hpp"
#include "train/learner.hpp"

// axes: b batch, t time step, c channel, f feature (d_model)
namespace mambasynth::gpu {

/// What a training's objective (train/objective.hpp) has beside the prediction of windows as they are, inside a
/// captured step: augmented windows, slowness and the contrastive loss. Everything launches on the current stream.
template <class T>
class Objective {
 public:
  /// `room`: of the engine. `state`: a step's counters on the device.
  Objective(config::Train const& train, EpochDraws::Shape const& shape, Room const& room, at::Tensor const& state);

  /// Whether a configuration has anything of it.
  static bool wanted(config::Train const& train);
  /// Auxiliary losses: rows of Engine::window_sums() behind the horizons', slowness first.
  static std::int64_t terms(config::Train const& train);

  /// Before the steps of an epoch, as EpochDraws::draw.
  void begin(std::int64_t step, std::int64_t next_batch, std::int64_t windows) {
    draws_.draw(step, next_batch, windows);
  }

  [[nodiscard]] bool augments() const { return raw_.defined(); }
  /// (b, t, c) fp32: where the windows are cut to, where they are augmented.
  [[nodiscard]] at::Tensor const& raw() const { return raw_; }
  /// The engine's x() and padded() from raw(), windows `part` of the batch.
  void augment(Engine<T> const& engine, train::Part const& part) const;

  /// For the backward of windows `part` of a batch of `of`; none where there is no auxiliary loss.
  [[nodiscard]] typename Engine<T>::Pull pull(Engine<T> const& engine, train::Part const& part, std::int64_t of) const;
  /// What a sum in each term's row of window_sums() counts for in the loss of a batch of `of` windows.
  [[nodiscard]] std::vector<double> weights(std::int64_t of) const;

 private:
  config::Train train_;
  EpochDraws::Shape shape_;
  EpochDraws draws_;
  at::Tensor state_, raw_, workspace_;
};

}  // namespace mambasynth::gpu
