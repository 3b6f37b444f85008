#pragma once

#include <cstdint>
#include <vector>

#include "oracle/hidden_process.hpp"

namespace mambasynth::oracle {

/// The exact forward filter: the law of the hidden state at step t given x_0 .. x_t (after observe) or x_0 .. x_{t-1}
/// (before it). What is seen depends on circle and step of the revolution only, so each position holds one mass and,
/// given the position, the law of the revolutions to come, which changes only where a revolution ends. Positions move
/// on by one each step; here they stay in their slots and the offset moves instead. A step costs the positions of the
/// circles that are still possible, not the states.
class Filter {
 public:
  /// Keeps a reference to `hidden`. `elapsed`: the revolutions elapsed are followed too.
  explicit Filter(HiddenProcess const& hidden, bool elapsed = false);

  /// Before the first step: on circle 0 at the start of a visit, as every generated series begins.
  void start_known();
  /// Before the first step: anywhere, by the process's stationary law.
  void start_stationary();
  /// x (d channels) of this step.
  void observe(double const* x);
  /// On to the next step.
  void advance();

  [[nodiscard]] HiddenProcess const& hidden() const { return hidden_; }
  /// Whether a circle has any mass; most have none once a few steps have been seen.
  [[nodiscard]] bool alive(std::size_t circle) const { return alive_[circle] != 0; }
  [[nodiscard]] bool follows_elapsed() const { return !elapsed_.empty(); }

  /// Slot of `circle` whose position is `step` now.
  [[nodiscard]] std::size_t slot(HiddenCircle const& circle, std::int64_t step) const {
    auto const p = circle.period;
    return static_cast<std::size_t>(circle.first_position + (step + p - offset(circle)) % p);
  }
  /// Position of the circle's first slot.
  [[nodiscard]] std::int64_t offset(HiddenCircle const& circle) const { return time_ % circle.period; }
  [[nodiscard]] double mass(std::size_t slot) const { return mass_[slot]; }
  /// (R): law of the revolutions to come, 1 first, at a slot of `circle`.
  [[nodiscard]] double const* to_come(HiddenCircle const& circle, std::size_t slot) const {
    return to_come_.data() + row(circle, slot);
  }
  /// (R): law of the revolutions that the visit has completed, 0 first.
  [[nodiscard]] double const* elapsed(HiddenCircle const& circle, std::size_t slot) const {
    return elapsed_.data() + row(circle, slot);
  }
  /// P(circle, step of the revolution, revolutions to come).
  [[nodiscard]] double probability(std::int64_t circle, std::int64_t step, std::int64_t revolutions) const;

 private:
  [[nodiscard]] static std::size_t row(HiddenCircle const& circle, std::size_t slot) {
    return static_cast<std::size_t>(circle.first_state) +
           (slot - static_cast<std::size_t>(circle.first_position)) * static_cast<std::size_t>(circle.revolutions);
  }
  void finish_revolution(HiddenCircle const& circle, double entering);

  HiddenProcess const& hidden_;
  std::int64_t time_ = 0;
  std::vector<double> mass_;      // (positions)
  std::vector<double> exponent_;  // (positions), scratch
  std::vector<double> to_come_;   // (states)
  std::vector<double> elapsed_;   // (states) or empty
  std::vector<double> entering_;  // (circles), scratch
  std::vector<char> alive_;       // (circles)
};

}  // namespace mambasynth::oracle
