#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oracle/forecast.hpp"

namespace mambasynth::oracle {

/// Consecutive steps of a series of n_steps steps; must not outlive the owner of the spans.
struct Observed {
  std::int64_t n_steps = 0, first = 0;
  std::span<double const> x;            ///< (steps, d) from step `first` on
  std::span<std::int64_t const> visit;  ///< (steps), visits_of the circles
  [[nodiscard]] std::size_t row(std::int64_t t) const { return static_cast<std::size_t>(t - first); }
  [[nodiscard]] std::size_t channels() const { return x.size() / visit.size(); }
  [[nodiscard]] double const* at(std::int64_t t) const { return x.data() + row(t) * channels(); }
};

/// How well the exact filter predicts a series; (horizon) unless stated otherwise. Squared errors are means over
/// channels, as in training; means over no steps are NaN.
struct Summary {
  std::vector<std::int64_t> horizon;
  std::vector<double> mse, mse_se;           ///< over all t with t + k in range
  std::vector<double> mse_switch, mse_stay;  ///< t + k in another visit than t, or in the same
  std::vector<double> mse_switch_se, mse_stay_se;
  std::vector<double> switch_share;    ///< share of the former
  std::vector<double> circle_entropy;  ///< of P(circle at t + k), nats
  double next_circle_entropy = 0;      ///< of P(circle of the next visit), nats
};

/// Sums over a series, kept separately for each block of 1,024 steps, from which the standard errors are computed:
/// those of a ratio of two sums over blocks, error and count (Cochran 1977, Sampling Techniques, eq. 6.13), because
/// steps that switch come in runs and blocks hold different numbers of them. Different threads and ranks can add
/// different steps if each block belongs to only one of them.
class Score {
 public:
  static constexpr std::int64_t block_steps = 1024;

  Score(std::vector<std::int64_t> horizons, std::int64_t n_steps);

  /// Adds a forecast made at step t and compares it with what followed.
  void add(std::int64_t t, Forecast const& forecast, Observed const& series);
  [[nodiscard]] std::vector<std::int64_t> const& horizons() const { return horizons_; }
  [[nodiscard]] Summary summary() const;
  /// All sums, zero if nothing was added, to be summed over ranks.
  [[nodiscard]] std::span<double> sums() { return sums_; }

 private:
  enum Part : std::size_t { count, error, switch_count, switch_error, circle_entropy, parts };
  [[nodiscard]] std::size_t blocks() const { return sums_.size() / row_; }
  [[nodiscard]] double sum(std::size_t block, std::size_t h, Part part) const {
    return sums_[block * row_ + h * parts + part];
  }
  [[nodiscard]] double total(std::size_t h, Part part) const;
  /// Sums of squared errors and of steps, block by block.
  struct OfBlock {
    double error, count;
  };
  [[nodiscard]] std::vector<OfBlock> all_steps(std::size_t h) const;
  [[nodiscard]] std::vector<OfBlock> switch_steps(std::size_t h) const;
  [[nodiscard]] std::vector<OfBlock> stay_steps(std::size_t h) const;

  std::vector<std::int64_t> horizons_;
  std::int64_t n_steps_;
  std::size_t row_;  // numbers of a block: five per horizon, then the steps and their entropy of the next circle
  std::vector<double> sums_;  // (block, row)
};

/// The visit of each step: maximal runs of one circle, counted from 0.
std::vector<std::int64_t> visits_of(std::span<std::int64_t const> circle);

}  // namespace mambasynth::oracle
