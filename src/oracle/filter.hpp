#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "oracle/hidden_process.hpp"

namespace mambasynth::oracle {

/// The exact forward filter: the distribution of the hidden state at step t given x_0 .. x_t (after observe) or x_0 ..
/// x_{t-1} (before it). Observations depend only on the circle and the step of the revolution, so each position holds
/// one mass and, given the position, the distribution of the revolutions to come, which changes only at the end of a
/// revolution. Positions advance by one each step; here they stay in their slots, and the offset advances instead.
///
/// All masses are kept as logarithms, so that none is lost, however unlikely the series: what is negligible now may be
/// all that remains later. Only visible circles, those with a position above least_log_mass, also hold plain masses.
/// Observations also change the masses of the other circles, by A cos + B sin + K of the slot's phase. A sum over any
/// number of steps has the same form, so a step need not visit the positions of such a circle.
class Filter {
 public:
  /// Keeps a reference to `hidden`. `elapsed`: also track the revolutions elapsed.
  explicit Filter(HiddenProcess const& hidden, bool elapsed = false);

  /// Before the first step: on circle 0 at the start of a visit, as every generated series begins.
  void start_known();
  /// Before the first step: anywhere, by the stationary distribution of the process.
  void start_stationary();
  /// Observes x (d channels, finite) at this step.
  void observe(double const* x);
  /// Advances to the next step.
  void advance();

  [[nodiscard]] HiddenProcess const& hidden() const { return hidden_; }
  /// Whether a circle has a position with mass(); after a few steps, most have none.
  [[nodiscard]] bool visible(std::size_t circle) const { return visible_[circle] != 0; }
  [[nodiscard]] bool follows_elapsed() const { return !log_elapsed_.empty(); }

  /// Slot of `circle` whose current position is `step`, 0 .. P - 1.
  [[nodiscard]] std::size_t slot(HiddenCircle const& circle, std::int64_t step) const {
    auto const place = step - offset(circle);
    return static_cast<std::size_t>(circle.first_position + (place < 0 ? place + circle.period : place));
  }
  /// Position of the circle's first slot.
  [[nodiscard]] std::int64_t offset(HiddenCircle const& circle) const { return time_ % circle.period; }
  /// Below exp(least_log_mass): 0.
  [[nodiscard]] double mass(std::size_t slot) const { return mass_[slot]; }
  /// Logarithm of the mass of a slot of circle number `circle`, however small.
  [[nodiscard]] double log_mass(std::size_t circle, std::size_t slot) const;
  /// Given a slot of `circle` (with mass): P(r + 1 revolutions to come, including the current one), r = 0 .. R - 1.
  [[nodiscard]] double to_come(HiddenCircle const& circle, std::size_t slot, std::size_t r) const {
    return std::exp(log_to_come_[row(circle, slot) + r]);
  }
  /// Likewise: P(the visit has completed e revolutions), e = 0 .. R - 1.
  [[nodiscard]] double elapsed(HiddenCircle const& circle, std::size_t slot, std::size_t e) const {
    return std::exp(log_elapsed_[row(circle, slot) + e]);
  }
  /// P(circle, step of the revolution, revolutions to come).
  [[nodiscard]] double probability(std::int64_t circle, std::int64_t step, std::int64_t revolutions) const;

  static constexpr double least_log_mass = -100;  ///< 4e-44: anything below does not change a sum of 1

 private:
  /// What has yet to be added to the log masses of a circle's slots; each slot keeps its initial phase.
  struct Pending {
    double cosine = 0, sine = 0, constant = 0;
    double largest = 0;  ///< of the log masses before the addition
    /// A lower bound of what cosine and sine add to any slot.
    [[nodiscard]] double reach() const { return std::abs(cosine) + std::abs(sine); }
  };
  [[nodiscard]] std::size_t last_slot(std::size_t circle) const {
    auto const& c = hidden_.circles()[circle];
    return static_cast<std::size_t>(c.first_position + c.period - 1 - offset_[circle]);
  }
  [[nodiscard]] static std::size_t row(HiddenCircle const& circle, std::size_t slot) {
    return static_cast<std::size_t>(circle.first_state) +
           (slot - static_cast<std::size_t>(circle.first_position)) * static_cast<std::size_t>(circle.revolutions);
  }
  [[nodiscard]] double pending(std::size_t circle, std::size_t slot) const;
  void project(double const* x);
  void settle(std::size_t circle);
  void show(std::size_t circle, double top);
  void hide(std::size_t circle);
  void finish_revolution(std::size_t circle, double log_entering);
  void normalize(HiddenCircle const& circle, std::size_t slot);

  HiddenProcess const& hidden_;
  std::int64_t time_ = 0;
  double level_ = 0;                  // logarithm of the sum of all masses, on the scale of log_mass_
  std::vector<double> mass_;          // (positions), their sum 1; 0 in a circle that is not visible
  std::vector<double> log_mass_;      // (positions), without what is pending
  std::vector<double> log_to_come_;   // (states): law given the position; its sum is 1 where normal_ is set; elsewhere
                                      // the deviation (log R at most) belongs to log_mass_
  std::vector<double> log_elapsed_;   // (states) likewise, or empty
  std::vector<char> normal_;          // (positions)
  std::vector<char> visible_;         // (circles)
  std::vector<std::int64_t> offset_;  // (circles)
  std::vector<Pending> pending_;      // (circles)
  std::vector<double> log_entering_, largest_;  // (circles), scratch
  std::vector<double> axes_;   // (d, circles, 2): circles are adjacent, so that products vectorize across them
  std::vector<double> along_;  // (circles, 2), scratch
};

}  // namespace mambasynth::oracle
