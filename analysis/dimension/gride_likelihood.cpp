#include "analysis/dimension/gride_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mambasynth::analysis::dimension {
namespace {

/// l / (1 - e^(-d l)), with its limit 1/d at l = 0.
double damped(double l, double decay, double d) { return l > 0 ? l / decay : 1 / d; }

}  // namespace

std::vector<double> defined(std::span<double const> ratio) {
  std::vector<double> values;
  values.reserve(ratio.size());
  for (auto const one : ratio)
    if (!std::isnan(one)) values.push_back(one);
  return values;
}

GrideLikelihood::GrideLikelihood(std::vector<double> const& ratios, std::int64_t n1, int threads)
    : ratios_(ratios),
      n_(static_cast<double>(ratios.size())),
      outer_(static_cast<double>(2 * n1 - 1)),
      inner_(static_cast<double>(n1 - 1)),
      threads_(threads) {
  for (auto const ratio : ratios) sum_ += ratio;
}

Slope GrideLikelihood::slope(double d) const {
  if (inner_ == 0) return {(n_ - 1) / d - outer_ * sum_, n_ / (d * d)};
  // Fixed pieces, added in order: the sums must be bit-identical for any number of threads.
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

double GrideLikelihood::root() const {
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

double GrideLikelihood::root_near(double guess) const {
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

double GrideLikelihood::score(double ratio, double d) const {
  auto const damping = inner_ > 0 ? inner_ * damped(ratio, -std::expm1(-d * ratio), d) : 0;
  return 1 / d - outer_ * ratio + damping;
}

Influence influence_on_root(PointTerms const& terms, std::size_t at, double estimate, NeighborLists const& lists) {
  auto const& ratio = terms.ratio[at];
  auto const& logs = lists.logs;
  Influence found{std::vector<double>(ratio.size()), std::vector<double>(ratio.size())};
  auto const ratios = defined(ratio);
  auto const n1 = terms.ranks.n1[at];
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
    auto const neighbors = lists.index.subspan(i * width, width);
    // Without a neighbor, those after it move up by one.
    auto const farther = log[std::min(outer, width - 1)];
    auto const without_near = likelihood.score(farther - log[inner], estimate) / information;
    auto const without_far = likelihood.score(farther - log[inner - 1], estimate) / information;
    for (std::size_t j = 0; j < outer; ++j)
      found.on_others[static_cast<std::size_t>(neighbors[j])] += now - (j < inner ? without_near : without_far);
  }
  return found;
}

}  // namespace mambasynth::analysis::dimension
