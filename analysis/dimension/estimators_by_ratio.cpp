#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/dimension/estimators.hpp"
#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::dimension::estimators {
namespace {

/// Those that exist.
std::vector<double> present(std::span<double const> ratio) {
  std::vector<double> values;
  values.reserve(ratio.size());
  for (auto const one : ratio)
    if (!std::isnan(one)) values.push_back(one);
  return values;
}

/// Slope of the least squares line through the origin over the lower nine tenths of sorted ratios.
struct Line {
  double value = statistics::undefined;
  std::vector<double> y;  ///< -ln(1 - F_i)
};

Line through_origin(std::vector<double> const& sorted) {
  auto const n = sorted.size();
  auto const used = n * 9 / 10;
  Line line{.value = statistics::undefined, .y = std::vector<double>(used)};
  double xy = 0, xx = 0;
  for (std::size_t i = 0; i < used; ++i) {
    line.y[i] = -std::log1p(-static_cast<double>(i + 1) / static_cast<double>(n));
    xy += sorted[i] * line.y[i];
    xx += sorted[i] * sorted[i];
  }
  if (xx > 0) line.value = xy / xx;
  return line;
}

/// The derivative of Gride's log-likelihood in d, and minus the derivative of that, over all points.
struct Slope {
  double value = 0, information = 0;
};

/// l / (1 - e^(-d l)), with its limit 1/d at l = 0.
double damped(double l, double decay, double d) { return l > 0 ? l / decay : 1 / d; }

class GrideLikelihood {
 public:
  GrideLikelihood(std::vector<double> const& ratios, std::int64_t n1, int threads)
      : ratios_(ratios),
        n_(static_cast<double>(ratios.size())),
        outer_(static_cast<double>(2 * n1 - 1)),
        inner_(static_cast<double>(n1 - 1)),
        threads_(threads) {
    for (auto const ratio : ratios) sum_ += ratio;
  }
  [[nodiscard]] bool has_root() const { return sum_ > 0 && n_ >= 2; }
  /// Below the root: there the slope without its positive part is 0.
  [[nodiscard]] double start() const { return (n_ - 1) / (outer_ * sum_); }

  [[nodiscard]] Slope slope(double d) const {
    if (inner_ == 0) return {(n_ - 1) / d - outer_ * sum_, n_ / (d * d)};
    // Fixed pieces, added in order: the bits must not depend on the number of threads.
    constexpr std::size_t piece = 4096;
    auto const pieces = (ratios_.size() + piece - 1) / piece;
    std::vector<double> first(pieces), second(pieces);
#pragma omp parallel for schedule(static) num_threads(pieces > 1 ? threads_ : 1)
    for (std::size_t p = 0; p < pieces; ++p) {
      for (auto i = p * piece; i < std::min(ratios_.size(), (p + 1) * piece); ++i) {
        auto const decay = -std::expm1(-d * ratios_[i]);  // 1 - mu^-d
        auto const term = damped(ratios_[i], decay, d);
        first[p] += term;
        second[p] += (1 - decay) * term * term;
      }
    }
    double terms = 0, squares = 0;
    for (std::size_t p = 0; p < pieces; ++p) {
      terms += first[p];
      squares += second[p];
    }
    return {(n_ - 1) / d - outer_ * sum_ + inner_ * terms, n_ / (d * d) + inner_ * squares};
  }

  /// The slope falls strictly, so the root is the only one, and its bracket bounds Newton's steps.
  [[nodiscard]] double root() const {
    auto low = start();
    while (slope(low).value < 0) low /= 2;
    auto high = 2 * low;
    while (slope(high).value > 0) {
      low = high;
      high *= 2;
    }
    auto d = low;
    for (int step = 0; step < 100; ++step) {
      auto const at = slope(d);
      (at.value > 0 ? low : high) = d;
      auto next = d + at.value / at.information;
      if (!(next > low && next < high)) next = (low + high) / 2;
      auto const moved = std::abs(next - d);
      d = next;
      if (moved <= 1e-14 * d) break;
    }
    return d;
  }

  /// The same from a guess on.
  [[nodiscard]] double root_near(double guess) const {
    double low = 0, high = std::numeric_limits<double>::infinity(), d = guess;
    for (int step = 0; step < 100; ++step) {
      auto const at = slope(d);
      (at.value > 0 ? low : high) = d;
      auto next = d + at.value / at.information;
      if (!(next > low && next < high)) next = std::isfinite(high) ? (low + high) / 2 : 2 * d;
      auto const moved = std::abs(next - d);
      d = next;
      if (moved <= 1e-12 * d) break;
    }
    return d;
  }

  /// One ratio's part of the slope.
  [[nodiscard]] double score(double ratio, double d) const {
    auto const damping = inner_ > 0 ? inner_ * damped(ratio, -std::expm1(-d * ratio), d) : 0;
    return 1 / d - outer_ * ratio + damping;
  }

 private:
  std::vector<double> const& ratios_;
  double n_, outer_, inner_, sum_ = 0;
  int threads_;
};

}  // namespace

Estimate two_nn_ml(std::span<double const> ratio) {
  auto const ratios = present(ratio);
  double sum = 0;
  for (auto const one : ratios) sum += one;
  auto const n = static_cast<double>(ratios.size());
  if (!(sum > 0) || n < 2) return {statistics::undefined, statistics::undefined};
  auto const value = (n - 1) / sum;
  return {value, n > 2 ? value / std::sqrt(n - 2) : statistics::undefined};
}

Estimate two_nn_ls(std::span<double const> ratio) {
  auto ratios = present(ratio);
  std::sort(ratios.begin(), ratios.end());
  auto const line = through_origin(ratios);
  if (std::isnan(line.value)) return {statistics::undefined, statistics::undefined};
  // Renyi: the i-th smallest of n exponentials is sum_{m<=i} Z_m / (n-m+1) with independent Z_m of variance 1.
  double tail = 0, variance = 0, yy = 0;
  for (std::size_t m = line.y.size(); m-- > 0;) {
    tail += line.y[m];
    auto const weight = tail / static_cast<double>(ratios.size() - m);
    variance += weight * weight;
    yy += line.y[m] * line.y[m];
  }
  return {line.value, line.value * std::sqrt(variance) / yy};
}

Estimate gride(std::span<double const> ratio, std::int64_t n1, double near, int threads) {
  auto const ratios = present(ratio);
  GrideLikelihood const likelihood(ratios, n1, threads > 0 ? threads : omp_get_max_threads());
  if (!likelihood.has_root()) return {statistics::undefined, statistics::undefined};
  auto const d = near > 0 ? likelihood.root_near(near) : likelihood.root();
  return {d, 1 / std::sqrt(likelihood.slope(d).information)};
}

Influence influence_by_ratio(std::span<double const> ratio, std::int64_t n1, double estimate, LogDistances const& logs,
                             std::span<std::int32_t const> index) {
  Influence found{std::vector<double>(ratio.size()), std::vector<double>(ratio.size())};
  auto const ratios = present(ratio);
  GrideLikelihood const likelihood(ratios, n1, 1);
  if (!likelihood.has_root() || !(estimate > 0)) return found;
  auto const information = likelihood.slope(estimate).information;
  auto const inner = static_cast<std::size_t>(n1), outer = 2 * inner, width = static_cast<std::size_t>(logs.k);
  for (std::size_t i = 0; i < ratio.size(); ++i) {
    if (std::isnan(ratio[i])) continue;
    auto const now = likelihood.score(ratio[i], estimate) / information;
    found.own[i] = now;
    if (logs.zeros[i] > 0) continue;
    auto const log = logs.of(i);
    auto const whom = index.subspan(i * width, width);
    // Without a neighbour, those behind it move up by one.
    auto const farther = log[std::min(outer, width - 1)];
    auto const without_near = likelihood.score(farther - log[inner], estimate) / information;
    auto const without_far = likelihood.score(farther - log[inner - 1], estimate) / information;
    for (std::size_t j = 0; j < outer; ++j)
      found.on_others[static_cast<std::size_t>(whom[j])] += now - (j < inner ? without_near : without_far);
  }
  return found;
}

}  // namespace mambasynth::analysis::dimension::estimators
