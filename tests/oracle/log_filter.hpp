#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "oracle/brute_force.hpp"
#include "series/process.hpp"

/// The textbook forward algorithm, over every state, in the log domain and in long double.
namespace mambasynth::tests {

class LogFilter {
 public:
  explicit LogFilter(series::Process const& process) : process_(process) {
    for (std::int64_t c = 0; c < process.circles; ++c) {
      auto const period = process.period[static_cast<std::size_t>(c)];
      dwell_.push_back(oracle::dwell_law(period, process.dwell_mean, process.dwell_std));
      for (std::int64_t s = 0; s < period; ++s) mean_.push_back(mean_at(process, {c, s, 0, 0, 0}));
    }
  }
  void start_known() {
    each([](std::size_t, std::int64_t, std::size_t) { return none; });
    for (std::size_t r = 0; r < dwell_[0].size(); ++r) law_[0][0][r] = std::log(static_cast<long double>(dwell_[0][r]));
  }
  /// `visits`: stationary law of the chain of visits.
  void start_stationary(std::vector<double> const& visits) {
    each([&](std::size_t c, std::int64_t, std::size_t r) {
      long double survives = 0;
      for (auto k = dwell_[c].size(); k-- > r;) survives += dwell_[c][k];
      return std::log(static_cast<long double>(visits[c]) * survives);
    });
    normalize();
  }
  void observe(double const* x) {
    std::size_t place = 0;
    for (auto& circle : law_)
      for (auto& position : circle) {
        long double squares = 0;
        for (std::size_t i = 0; i < mean_[place].size(); ++i) {
          long double const z = (static_cast<long double>(x[i]) - mean_[place][i]) / process_.noise_std;
          squares += z * z;
        }
        ++place;
        for (auto& p : position) p -= squares / 2;
      }
    normalize();
  }
  void advance() {
    auto const before = law_;
    std::vector<std::vector<long double>> entering(law_.size());
    for (std::size_t c = 0; c < law_.size(); ++c)
      for (std::size_t n = 0; n < law_.size(); ++n)
        if (auto const p = process_.transition_matrix[c * law_.size() + n]; p > 0)
          entering[n].push_back(before[c].back()[0] + std::log(static_cast<long double>(p)));
    for (std::size_t c = 0; c < law_.size(); ++c) {
      for (std::size_t s = 1; s < law_[c].size(); ++s) law_[c][s] = before[c][s - 1];
      for (std::size_t r = 0; r < dwell_[c].size(); ++r) {
        auto terms = entering[c];
        for (auto& term : terms) term += std::log(static_cast<long double>(dwell_[c][r]));
        if (r + 1 < dwell_[c].size()) terms.push_back(before[c].back()[r + 1]);
        law_[c][0][r] = log_sum(terms);
      }
    }
  }
  [[nodiscard]] long double log_probability(std::size_t circle, std::size_t step) const {
    return log_sum(law_[circle][step]);
  }
  [[nodiscard]] std::vector<double> circle() const {
    std::vector<double> law;
    for (auto const& circle : law_) {
      long double sum = 0;
      for (auto const& position : circle)
        for (auto const p : position) sum += std::exp(p);
      law.push_back(static_cast<double>(sum));
    }
    return law;
  }
  [[nodiscard]] std::vector<double> mean() const {
    std::vector<long double> sum(static_cast<std::size_t>(process_.channels), 0);
    std::size_t place = 0;
    for (auto const& circle : law_)
      for (auto const& position : circle) {
        auto const p = std::exp(log_sum(position));
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += p * mean_[place][i];
        ++place;
      }
    return {sum.begin(), sum.end()};
  }
  [[nodiscard]] double hazard() const {
    long double sum = 0;
    for (auto const& circle : law_) sum += std::exp(circle.back()[0]);
    return static_cast<double>(sum);
  }

 private:
  static constexpr long double none = -std::numeric_limits<long double>::infinity();
  using Law = std::vector<std::vector<std::vector<long double>>>;  // (circle, step, revolutions to come less 1)

  static long double log_sum(std::vector<long double> const& terms) {
    auto const top = terms.empty() ? none : *std::max_element(terms.begin(), terms.end());
    if (top == none) return none;
    long double sum = 0;
    for (auto const term : terms) sum += std::exp(term - top);
    return top + std::log(sum);
  }
  template <class Value>
  void each(Value const& value) {
    law_.clear();
    for (std::size_t c = 0; c < dwell_.size(); ++c) {
      law_.emplace_back();
      for (std::int64_t s = 0; s < process_.period[c]; ++s) {
        law_[c].emplace_back();
        for (std::size_t r = 0; r < dwell_[c].size(); ++r) law_[c].back().push_back(value(c, s, r));
      }
    }
  }
  void normalize() {
    std::vector<long double> all;
    for (auto const& circle : law_)
      for (auto const& position : circle) all.insert(all.end(), position.begin(), position.end());
    auto const sum = log_sum(all);
    for (auto& circle : law_)
      for (auto& position : circle)
        for (auto& p : position) p -= sum;
  }

  series::Process const& process_;
  std::vector<std::vector<double>> dwell_, mean_;  // (circle, k), (position, channel)
  Law law_;
};

}  // namespace mambasynth::tests
