#pragma once

#include <cstdint>
#include <vector>

#include "oracle/filter.hpp"

namespace mambasynth::oracle {

/// What the filter's posterior at step t implies for x_{t+k} and the circle at t + k, for chosen horizons k >= 1.
///
/// Only the flow out of the circles has to be followed: the mass that leaves circle c after step t + k is the mass at
/// the last position with one revolution to come, out_c(k) = a_c(P - 1 - k mod P, 1 + k div P) + sum over j >= 1 of
/// in_c(k - j P) dwell_c(j), with a the posterior at t, and in = out T. The circle's share of the mean, the sum of mass
/// times e^{i phase}, rotates by the angle of a step and changes by (in - out) e^{i entry angle}.
class Forecast {
 public:
  /// Keeps a reference to `hidden`. `horizons`: ascending, from 1.
  Forecast(HiddenProcess const& hidden, std::vector<std::int64_t> horizons);

  /// From a filter that has observed step t.
  void make(Filter const& filter);

  [[nodiscard]] std::vector<std::int64_t> const& horizons() const { return horizons_; }
  /// (d): E[x_{t+k}], of the h-th horizon k.
  [[nodiscard]] double const* mean(std::size_t h) const { return mean_.data() + h * channels_; }
  /// (n): P(circle at t + k).
  [[nodiscard]] double const* circle(std::size_t h) const { return circle_.data() + h * circles_; }
  /// P(t + k belongs to a different visit than t); 0 if there is only one circle.
  [[nodiscard]] double switched(std::size_t h) const { return switched_[h]; }

  /// At step t itself: P(circle), and P(the visit ends with this step).
  [[nodiscard]] std::vector<double> const& circle_now() const { return circle_now_; }
  [[nodiscard]] double hazard() const { return hazard_; }
  /// (n): P(circle of the next visit).
  [[nodiscard]] std::vector<double> const& next_circle() const { return next_circle_; }
  /// E[e^{i phase}] at step t; its angle is the mean phase, its length the concentration.
  [[nodiscard]] double phase_cosine() const { return phase_cosine_; }
  [[nodiscard]] double phase_sine() const { return phase_sine_; }

 private:
  /// A circle's mass and its sum of mass times e^{i phase} at the step ahead.
  struct Moving {
    double mass, cosine, sine;
  };
  void look_at(Filter const& filter);
  void enter(std::size_t circle);
  void move_on(Filter const& filter, std::int64_t k);
  void note(std::size_t h);

  HiddenProcess const& hidden_;
  std::vector<std::int64_t> horizons_;
  std::size_t channels_, circles_;
  std::vector<double> mean_, circle_, switched_;
  std::vector<double> circle_now_, next_circle_;
  double hazard_ = 0, phase_cosine_ = 0, phase_sine_ = 0;
  std::vector<std::size_t> active_;  // circles with mass now or at some step ahead, in order of discovery
  std::vector<char> is_active_;      // (n)
  std::vector<Moving> moving_;       // (n), of the active ones
  std::vector<double> out_;          // (n)
  std::vector<double> in_;           // (furthest, n): mass that entered after step t + k
  double left_ = 0;                  // P(the visit at t has ended)
};

/// Shannon entropy, in nats, of n probabilities; rounding errors below zero count as zero.
double entropy(double const* probabilities, std::size_t n);

}  // namespace mambasynth::oracle
