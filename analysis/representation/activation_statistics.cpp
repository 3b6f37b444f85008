#include "analysis/representation/activation_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mambasynth::analysis::representation {

double ActivationStatistics::mean() const {
  double total = 0;
  for (std::int64_t i = 0; i < moments_.dims(); ++i) total += moments_.mean(i);
  return rows() > 0 ? total / static_cast<double>(moments_.dims()) : std::numeric_limits<double>::quiet_NaN();
}

double ActivationStatistics::standard_deviation() const {
  auto const overall = mean();
  double squares = 0;
  for (std::int64_t i = 0; i < moments_.dims(); ++i) {
    auto const away = moments_.mean(i) - overall;
    squares += std::max(moments_.covariance(i, i), 0.0) + away * away;
  }
  return std::sqrt(squares / static_cast<double>(moments_.dims()));
}

double ActivationStatistics::participation_ratio() const {
  double trace = 0;
  double squares = 0;
  for (std::int64_t i = 0; i < moments_.dims(); ++i) {
    for (auto j = i; j < moments_.dims(); ++j) {
      auto const covariance = moments_.covariance(i, j);
      if (i == j) trace += covariance;
      squares += (i == j ? 1 : 2) * covariance * covariance;
    }
  }
  return trace > 0 ? trace * trace / squares : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace mambasynth::analysis::representation
