#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <omp.h>
#include <tuple>
#include <utility>

#include "analysis/estimators.hpp"
#include "analysis/undefined.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::estimators {
namespace {

/// ln(T_n2/T_n1) of each point that has as many nonzero distances, and which points those are.
struct LogRatios {
  std::vector<double> value;
  std::vector<std::size_t> point;
};

LogRatios log_ratios(LogDistances const& logs, std::int64_t n1, std::int64_t n2) {
  LogRatios ratios;
  ratios.value.reserve(logs.zeros.size());
  ratios.point.reserve(logs.zeros.size());
  for (std::size_t i = 0; i < logs.zeros.size(); ++i) {
    auto const zeros = logs.zeros[i];
    if (zeros + n2 > logs.neighbours.k) continue;
    auto const log = logs.of(i);
    ratios.value.push_back(log[static_cast<std::size_t>(zeros + n2 - 1)] -
                           log[static_cast<std::size_t>(zeros + n1 - 1)]);
    ratios.point.push_back(i);
  }
  return ratios;
}

void require_two(Neighbours const& neighbours) {
  if (neighbours.k >= 2) return;
  throw errors::usage("TwoNN with one neighbour a point", "it is the ratio of the first two distances",
                      "compute at least two neighbours");
}

/// Slope of the least squares line through the origin over the lower nine tenths of sorted ratios.
struct Line {
  double value = undefined;
  std::vector<double> y;  ///< -ln(1 - F_i)
};

Line through_origin(std::vector<double> const& sorted) {
  auto const n = sorted.size();
  auto const used = n * 9 / 10;
  Line line{.value = undefined, .y = std::vector<double>(used)};
  double xy = 0, xx = 0;
  for (std::size_t i = 0; i < used; ++i) {
    line.y[i] = -std::log1p(-static_cast<double>(i + 1) / static_cast<double>(n));
    xy += sorted[i] * line.y[i];
    xx += sorted[i] * sorted[i];
  }
  if (xx > 0) line.value = xy / xx;
  return line;
}

/// The line's error with one block left out each; `ratios` sorted by value.
double line_error(LogRatios const& ratios, Blocks const& blocks) {
  std::vector<double> without;
  for (std::int32_t b = 0; b < blocks.count; ++b) {
    std::vector<double> rest;
    rest.reserve(ratios.value.size());
    for (std::size_t i = 0; i < ratios.value.size(); ++i)
      if (blocks.of_point[ratios.point[i]] != b) rest.push_back(ratios.value[i]);
    without.push_back(through_origin(rest).value);
  }
  return jackknife_error(without);
}

/// The derivative of Gride's log-likelihood in d, and minus the derivative of that, over all points.
struct Slope {
  double value = 0, information = 0;
};

/// l / (1 - e^(-d l)), with its limit 1/d at l = 0.
double damped(double l, double decay, double d) {
  return l > 0 ? l / decay : 1 / d;
}

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

  [[nodiscard]] double score(std::size_t i, double d) const {
    auto const damping = inner_ > 0 ? inner_ * damped(ratios_[i], -std::expm1(-d * ratios_[i]), d) : 0;
    return 1 / d - outer_ * ratios_[i] + damping;
  }

 private:
  std::vector<double> const& ratios_;
  double n_, outer_, inner_, sum_ = 0;
  int threads_;
};

}  // namespace

Estimate two_nn_ml(LogDistances const& logs, Blocks const& blocks) {
  require_two(logs.neighbours);
  auto const ratios = log_ratios(logs, 1, 2);
  double sum = 0;
  for (auto const ratio : ratios.value) sum += ratio;
  auto const n = static_cast<double>(ratios.value.size());
  if (!(sum > 0) || n < 2) return {undefined, undefined};
  auto const value = (n - 1) / sum;
  BlockSums scores(blocks);
  for (std::size_t i = 0; i < ratios.value.size(); ++i) scores.add(ratios.point[i], sum / n - ratios.value[i]);
  return {value, n > 2 ? value / std::sqrt(n - 2) : undefined, scores.error(n / (value * value))};
}

Estimate two_nn_ls(LogDistances const& logs, Blocks const& blocks) {
  require_two(logs.neighbours);
  auto ratios = log_ratios(logs, 1, 2);
  auto const n = ratios.value.size();
  std::vector<std::pair<double, std::size_t>> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = {ratios.value[i], ratios.point[i]};
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < n; ++i) std::tie(ratios.value[i], ratios.point[i]) = order[i];
  auto const line = through_origin(ratios.value);
  if (std::isnan(line.value)) return {undefined, undefined};
  // Renyi: the i-th smallest of n exponentials is sum_{m<=i} Z_m / (n-m+1) with independent Z_m of variance 1.
  double tail = 0, variance = 0, yy = 0;
  for (std::size_t m = line.y.size(); m-- > 0;) {
    tail += line.y[m];
    auto const weight = tail / static_cast<double>(n - m);
    variance += weight * weight;
    yy += line.y[m] * line.y[m];
  }
  return {line.value, line.value * std::sqrt(variance) / yy, line_error(ratios, blocks)};
}

Estimate gride(LogDistances const& logs, std::int64_t n1, Blocks const& blocks, int threads) {
  if (n1 < 1 || 2 * n1 > logs.neighbours.k)
    throw errors::usage(fmt::format("Gride at n1 = {} with {} neighbours a point", n1, logs.neighbours.k),
                        "it compares the distances of neighbours n1 and 2 n1", "use a smaller n1 or more neighbours");
  auto const ratios = log_ratios(logs, n1, 2 * n1);
  GrideLikelihood const likelihood(ratios.value, n1, threads > 0 ? threads : omp_get_max_threads());
  if (!likelihood.has_root()) return {undefined, undefined};
  auto const d = likelihood.root();
  auto const information = likelihood.slope(d).information;
  BlockSums scores(blocks);
  if (blocks.count > 0)
    for (std::size_t i = 0; i < ratios.value.size(); ++i) scores.add(ratios.point[i], likelihood.score(i, d));
  return {d, 1 / std::sqrt(information), scores.error(information)};
}

}  // namespace mambasynth::analysis::estimators
