#include "oracle/filter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mambasynth::oracle {
namespace {

// Masses below it are zero: they stay far from the subnormal numbers, which cost a hundred times as much.
constexpr double least_mass = 1e-290;

double dot(double const* a, double const* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

Filter::Filter(HiddenProcess const& hidden, bool elapsed)
    : hidden_(hidden),
      mass_(static_cast<std::size_t>(hidden.positions())),
      exponent_(mass_.size()),
      to_come_(static_cast<std::size_t>(hidden.states())),
      elapsed_(elapsed ? to_come_.size() : 0),
      entering_(hidden.circles().size()),
      alive_(hidden.circles().size()) {
  start_known();
}

void Filter::start_known() {
  time_ = 0;
  std::fill(mass_.begin(), mass_.end(), 0.0);
  std::fill(to_come_.begin(), to_come_.end(), 0.0);
  std::fill(elapsed_.begin(), elapsed_.end(), 0.0);
  auto const& first = hidden_.circles()[0];
  std::fill(alive_.begin(), alive_.end(), char{0});
  alive_[0] = 1;
  mass_[0] = 1;
  std::copy(first.dwell.begin(), first.dwell.end(), to_come_.begin());
  if (follows_elapsed()) elapsed_[0] = 1;
}

void Filter::start_stationary() {
  time_ = 0;
  std::fill(alive_.begin(), alive_.end(), char{1});
  double total = 0;
  for (auto const& circle : hidden_.circles()) {
    // A visit of K revolutions passes each position with K, K - 1, ..., 1 still to come: P(r) is P(K >= r) over E K.
    double mean = 0;
    for (double const p : circle.survival) mean += p;
    for (std::int64_t i = 0; i < circle.period; ++i) {
      auto const place = static_cast<std::size_t>(circle.first_position + i);
      mass_[place] = circle.visit_share * mean;
      total += mass_[place];
      for (std::size_t r = 0; r < circle.survival.size(); ++r) {
        to_come_[row(circle, place) + r] = circle.survival[r] / mean;
        if (follows_elapsed()) elapsed_[row(circle, place) + r] = circle.survival[r] / mean;
      }
    }
  }
  for (double& m : mass_) m /= total;
}

void Filter::observe(double const* x) {
  auto const channels = static_cast<std::size_t>(hidden_.channels());
  double top = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < hidden_.circles().size(); ++c) {
    if (!alive(c)) continue;
    auto const& circle = hidden_.circles()[c];
    auto const number = static_cast<std::int64_t>(c);
    // log p(x | position) = (x . mean - |mean|^2 / 2) / noise^2 + what all positions share; mean = r (cos v1 + sin v2).
    double const scale = circle.radius * hidden_.sharpness();
    double const along_1 = scale * dot(x, hidden_.process().axis(number, 0).data(), channels);
    double const along_2 = scale * dot(x, hidden_.process().axis(number, 1).data(), channels);
    double const constant = -0.5 * circle.radius * scale;
    auto const offset = static_cast<std::size_t>(this->offset(circle)), first = static_cast<std::size_t>(circle.first_position);
    double const* const cosine = circle.cosine.data() + offset;
    double const* const sine = circle.sine.data() + offset;
    for (std::size_t i = 0; i < static_cast<std::size_t>(circle.period); ++i) {
      if (mass_[first + i] == 0) continue;
      exponent_[first + i] = along_1 * cosine[i] + along_2 * sine[i] + constant;
      top = std::max(top, exponent_[first + i]);
    }
  }
  double total = 0;
  auto const each_alive = [&](auto const& change) {
    for (std::size_t c = 0; c < alive_.size(); ++c) {
      if (!alive(c)) continue;
      auto const first = static_cast<std::size_t>(hidden_.circles()[c].first_position);
      change(c, first, first + static_cast<std::size_t>(hidden_.circles()[c].period));
    }
  };
  each_alive([&](std::size_t, std::size_t first, std::size_t last) {
    for (auto i = first; i < last; ++i) {
      if (mass_[i] == 0) continue;
      mass_[i] *= std::exp(exponent_[i] - top);
      total += mass_[i];
    }
  });
  each_alive([&](std::size_t c, std::size_t first, std::size_t last) {
    double largest = 0;
    for (auto i = first; i < last; ++i) {
      mass_[i] /= total;
      if (mass_[i] < least_mass) mass_[i] = 0;
      largest = std::max(largest, mass_[i]);
    }
    alive_[c] = largest > 0;
  });
}

void Filter::advance() {
  std::fill(entering_.begin(), entering_.end(), 0.0);
  for (std::size_t c = 0; c < alive_.size(); ++c) {
    if (!alive(c)) continue;
    auto const& circle = hidden_.circles()[c];
    auto const last = slot(circle, circle.period - 1);
    double const leaving = mass_[last] * to_come(circle, last)[0];
    if (leaving == 0) continue;
    for (auto const& [next, probability] : circle.successors) entering_[static_cast<std::size_t>(next)] += leaving * probability;
  }
  for (std::size_t c = 0; c < entering_.size(); ++c) {
    if (!alive(c) && entering_[c] == 0) continue;
    finish_revolution(hidden_.circles()[c], entering_[c]);
    alive_[c] = 1;
  }
  ++time_;
}

void Filter::finish_revolution(HiddenCircle const& circle, double entering) {
  auto const place = slot(circle, circle.period - 1);
  if (mass_[place] == 0 && entering == 0) return;
  auto const revolutions = circle.dwell.size();
  double* const to_come = to_come_.data() + row(circle, place);
  double const before = mass_[place];
  double total = 0;
  for (std::size_t r = 0; r < revolutions; ++r) {
    to_come[r] = (r + 1 < revolutions ? before * to_come[r + 1] : 0.0) + entering * circle.dwell[r];
    total += to_come[r];
  }
  mass_[place] = total < least_mass ? 0.0 : total;
  if (mass_[place] > 0)
    for (std::size_t r = 0; r < revolutions; ++r) to_come[r] /= total;
  if (!follows_elapsed()) return;
  double* const elapsed = elapsed_.data() + row(circle, place);
  double sum = entering;
  for (std::size_t e = revolutions; e-- > 1;) {
    elapsed[e] = circle.survival[e - 1] > 0 ? before * elapsed[e - 1] * (circle.survival[e] / circle.survival[e - 1]) : 0.0;
    sum += elapsed[e];
  }
  elapsed[0] = entering;
  if (sum > 0)
    for (std::size_t e = 0; e < revolutions; ++e) elapsed[e] /= sum;
}

double Filter::probability(std::int64_t circle, std::int64_t step, std::int64_t revolutions) const {
  auto const& c = hidden_.circles()[static_cast<std::size_t>(circle)];
  auto const place = slot(c, step);
  return mass_[place] * to_come(c, place)[revolutions - 1];
}

}  // namespace mambasynth::oracle
