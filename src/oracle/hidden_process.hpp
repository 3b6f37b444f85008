#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "series/process.hpp"

namespace mambasynth::oracle {

/// A circle from the filter's point of view. Its positions are the steps s of a revolution; visits start at s = 0 and
/// last a whole number of revolutions, at most R.
struct HiddenCircle {
  std::int64_t period = 0;       ///< P, steps
  std::int64_t revolutions = 0;  ///< R
  double radius = 0;
  std::vector<double> dwell;                    ///< (R), P(visit lasts j + 1 revolutions)
  std::vector<double> survival;                 ///< (R), P(visit lasts more than e revolutions)
  std::vector<double> log_dwell, log_survival;  ///< their logarithms
  std::vector<double> cosine, sine;       ///< (2 P), of the phase at s mod P, doubled so that a slot needs no wrapping
  double turn_cosine = 0, turn_sine = 0;  ///< of the angle of a step
  std::vector<std::pair<std::int64_t, double>> successors;  ///< circle, probability; those above zero
  std::vector<double> log_successors;                       ///< logarithms of those probabilities
  /// Whether it is the only circle of its process: it is never left, and all its revolutions are one visit.
  [[nodiscard]] bool alone(std::int64_t number) const {
    return successors.size() == 1 && successors[0].first == number;
  }
  double visit_share = 0;           ///< stationary probability in the chain of visits
  std::int64_t first_position = 0;  ///< index of its first position among all positions, and of its first state
  std::int64_t first_state = 0;
};

/// The generator's hidden semi-Markov process as a Markov chain: state (circle, step of the revolution, revolutions to
/// come including the current one). The observation is x = mean(circle, step) + noise_std z in d channels.
class HiddenProcess {
 public:
  /// Errors: errors::usage if the states would not fit into memory or the centers drift.
  explicit HiddenProcess(series::Process process);

  [[nodiscard]] std::vector<HiddenCircle> const& circles() const { return circles_; }
  [[nodiscard]] series::Process const& process() const { return process_; }
  [[nodiscard]] std::int64_t channels() const { return process_.channels; }
  [[nodiscard]] std::int64_t positions() const { return positions_; }  ///< sum of the periods
  [[nodiscard]] std::int64_t states() const { return states_; }        ///< sum of period times R
  [[nodiscard]] std::int64_t most_revolutions() const { return most_revolutions_; }
  /// 1 / variance of the noise. Noise below 1e-4 of the largest radius is raised to that: x is rounded to float32, and
  /// positions are farther apart.
  [[nodiscard]] double sharpness() const { return sharpness_; }

 private:
  series::Process process_;
  std::vector<HiddenCircle> circles_;
  std::int64_t positions_ = 0, states_ = 0, most_revolutions_ = 0;
  double sharpness_ = 0;
};

/// Stationary distribution of an irreducible chain, (n, n) row-major, by elimination without subtractions (Grassmann,
/// Taksar and Heyman 1985); also works for periodic chains.
std::vector<double> stationary_law(std::vector<double> transition, std::int64_t n);

}  // namespace mambasynth::oracle
