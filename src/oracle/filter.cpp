#include "oracle/filter.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace mambasynth::oracle {
namespace {

constexpr double log_zero = -std::numeric_limits<double>::infinity();
// exp of anything lower does not change a sum of 1, even a few thousand times over.
constexpr double negligible = -40;
// Pending sums are applied before they cost the masses precision.
constexpr double most_pending = 1024;

/// log(e^a + e^b)
double log_sum(double a, double b) {
  double const larger = std::max(a, b), apart = std::min(a, b) - larger;
  return apart > negligible ? larger + std::log1p(std::exp(apart)) : larger;
}

/// log of the sum of all e^value.
double log_sum(double const* values, std::size_t n) {
  double const largest = *std::max_element(values, values + n);
  if (largest == log_zero) return log_zero;
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i)
    if (double const apart = values[i] - largest; apart > negligible) sum += std::exp(apart);
  return largest + std::log(sum);
}

/// Adds cosine * cos + sine * sin + constant to n log masses and returns the largest.
double shift(double* log_mass, double const* cos, double const* sin, std::size_t n, double cosine, double sine,
             double constant) {
  double largest = log_zero;
#pragma omp simd reduction(max : largest)
  for (std::size_t i = 0; i < n; ++i) {
    double const changed = log_mass[i] + (cosine * cos[i] + sine * sin[i] + constant);
    log_mass[i] = changed;
    largest = std::max(largest, changed);
  }
  return largest;
}

}  // namespace

Filter::Filter(HiddenProcess const& hidden, bool elapsed)
    : hidden_(hidden),
      mass_(static_cast<std::size_t>(hidden.positions())),
      log_mass_(mass_.size()),
      log_to_come_(static_cast<std::size_t>(hidden.states())),
      log_elapsed_(elapsed ? log_to_come_.size() : 0),
      normal_(mass_.size()),
      visible_(hidden.circles().size()),
      offset_(visible_.size()),
      pending_(visible_.size()),
      log_entering_(visible_.size()),
      largest_(visible_.size()),
      along_(2 * visible_.size()) {
  for (std::int64_t i = 0; i < hidden.channels(); ++i)
    for (std::int64_t c = 0; c < hidden.process().circles; ++c)
      for (std::int64_t axis = 0; axis < 2; ++axis)
        axes_.push_back(hidden.process().axis(c, axis)[static_cast<std::size_t>(i)]);
  start_known();
}

void Filter::start_known() {
  time_ = 0;
  level_ = 0;
  std::fill(offset_.begin(), offset_.end(), std::int64_t{0});
  std::fill(normal_.begin(), normal_.end(), char{1});
  std::fill(mass_.begin(), mass_.end(), 0.0);
  std::fill(log_mass_.begin(), log_mass_.end(), log_zero);
  std::fill(log_to_come_.begin(), log_to_come_.end(), log_zero);
  std::fill(log_elapsed_.begin(), log_elapsed_.end(), log_zero);
  std::fill(pending_.begin(), pending_.end(), Pending{.largest = log_zero});
  std::fill(visible_.begin(), visible_.end(), char{0});
  visible_[0] = 1;
  mass_[0] = 1;
  log_mass_[0] = 0;
  auto const& first = hidden_.circles()[0];
  std::copy(first.log_dwell.begin(), first.log_dwell.end(), log_to_come_.begin());
  if (follows_elapsed()) log_elapsed_[0] = 0;
}

void Filter::start_stationary() {
  time_ = 0;
  level_ = 0;
  std::fill(offset_.begin(), offset_.end(), std::int64_t{0});
  std::fill(normal_.begin(), normal_.end(), char{1});
  std::fill(pending_.begin(), pending_.end(), Pending{});
  double total = 0;
  auto const mean_of = [](HiddenCircle const& circle) {
    double mean = 0;
    for (double const p : circle.survival) mean += p;
    return mean;
  };
  for (auto const& circle : hidden_.circles())
    total += static_cast<double>(circle.period) * circle.visit_share * mean_of(circle);
  for (std::size_t c = 0; c < visible_.size(); ++c) {
    // A visit of K revolutions passes each position with K, K - 1, ..., 1 still to come, so P(r) = P(K >= r) / E K.
    auto const& circle = hidden_.circles()[c];
    double const mean = mean_of(circle), log_mean = std::log(mean);
    double const share = circle.visit_share * mean / total;
    auto const first = static_cast<std::size_t>(circle.first_position),
               last = first + static_cast<std::size_t>(circle.period);
    for (auto place = first; place < last; ++place) {
      mass_[place] = share;
      log_mass_[place] = std::log(share);
      for (std::size_t r = 0; r < circle.survival.size(); ++r) {
        log_to_come_[row(circle, place) + r] = circle.log_survival[r] - log_mean;
        if (follows_elapsed()) log_elapsed_[row(circle, place) + r] = circle.log_survival[r] - log_mean;
      }
    }
    visible_[c] = share > 0;
    pending_[c].largest = log_mass_[first];
  }
}

double Filter::pending(std::size_t circle, std::size_t slot) const {
  auto const& p = pending_[circle];
  auto const& c = hidden_.circles()[circle];
  auto const i = slot - static_cast<std::size_t>(c.first_position);
  return p.cosine * c.cosine[i] + p.sine * c.sine[i] + p.constant;
}

double Filter::log_mass(std::size_t circle, std::size_t slot) const {
  auto const& c = hidden_.circles()[circle];
  return log_mass_[slot] + pending(circle, slot) - level_ + log_sum(log_to_come_.data() + row(c, slot), c.dwell.size());
}

/// along_ = (x . v1, x . v2) of each circle.
void Filter::project(double const* x) {
  std::fill(along_.begin(), along_.end(), 0.0);
  auto const size = along_.size();
  double* const along = along_.data();
  for (std::size_t i = 0; i < static_cast<std::size_t>(hidden_.channels()); ++i) {
    double const* const axes = axes_.data() + i * size;
    double const value = x[i];
#pragma omp simd
    for (std::size_t j = 0; j < size; ++j) along[j] += value * axes[j];
  }
}

void Filter::settle(std::size_t circle) {
  auto const& p = pending_[circle];
  auto const& c = hidden_.circles()[circle];
  auto const largest = shift(log_mass_.data() + c.first_position, c.cosine.data(), c.sine.data(),
                             static_cast<std::size_t>(c.period), p.cosine, p.sine, p.constant);
  pending_[circle] = {.largest = largest};
}

void Filter::hide(std::size_t circle) {
  auto const& c = hidden_.circles()[circle];
  std::fill_n(mass_.begin() + c.first_position, c.period, 0.0);
  visible_[circle] = 0;
  pending_[circle] = {.largest = largest_[circle]};
}

void Filter::normalize(HiddenCircle const& circle, std::size_t slot) {
  auto const scaled = [n = circle.dwell.size()](double* law) {
    double const sum = log_sum(law, n);
    for (std::size_t r = 0; r < n; ++r) law[r] -= sum;
    return sum;
  };
  log_mass_[slot] += scaled(log_to_come_.data() + row(circle, slot));
  if (follows_elapsed()) scaled(log_elapsed_.data() + row(circle, slot));
  normal_[slot] = 1;
}

/// The masses of the circle, in units of e^top.
void Filter::show(std::size_t number, double top) {
  auto const& circle = hidden_.circles()[number];
  auto const first = static_cast<std::size_t>(circle.first_position),
             last = first + static_cast<std::size_t>(circle.period);
  for (auto i = first; i < last; ++i) {
    mass_[i] = 0;
    if (!(log_mass_[i] - top > least_log_mass)) continue;
    if (!normal_[i]) normalize(circle, i);
    mass_[i] = std::exp(log_mass_[i] - top);
  }
}

void Filter::observe(double const* x) {
  project(x);
  double top = log_zero;
  for (std::size_t c = 0; c < visible_.size(); ++c) {
    auto const& circle = hidden_.circles()[c];
    // log p(x | position) = (x . mean - |mean|^2 / 2) / noise^2 + a term common to all positions; mean = r (cos v1 +
    // sin v2).
    double const scale = circle.radius * hidden_.sharpness();
    double const along_1 = scale * along_[2 * c], along_2 = scale * along_[2 * c + 1];
    double const constant = -0.5 * circle.radius * scale - level_;
    auto const offset = static_cast<std::size_t>(offset_[c]);
    if (visible(c)) {
      largest_[c] =
          shift(log_mass_.data() + circle.first_position, circle.cosine.data() + offset, circle.sine.data() + offset,
                static_cast<std::size_t>(circle.period), along_1, along_2, constant);
      top = std::max(top, largest_[c]);
    } else if (auto& p = pending_[c]; p.largest > log_zero) {
      // The slots have rotated by the phase of the offset.
      double const cosine = circle.cosine[offset] * circle.cosine[0] + circle.sine[offset] * circle.sine[0];
      double const sine = circle.sine[offset] * circle.cosine[0] - circle.cosine[offset] * circle.sine[0];
      p.cosine += along_1 * cosine + along_2 * sine;
      p.sine += along_2 * cosine - along_1 * sine;
      p.constant += constant;
      if (p.reach() + std::abs(p.constant) > most_pending) settle(c);
      // All that advance() reads of such a circle; with many circles these values lie far apart in memory.
      auto const last = last_slot(c);
      __builtin_prefetch(&log_mass_[last]);
      __builtin_prefetch(&log_to_come_[row(circle, last)]);
    }
  }
  for (std::size_t c = 0; c < visible_.size(); ++c) {
    auto const& p = pending_[c];
    if (visible(c) || !(p.largest + p.reach() + p.constant > top + least_log_mass)) continue;
    settle(c);
    if (!(p.largest > top + least_log_mass)) continue;
    visible_[c] = 1;
    largest_[c] = p.largest;
    top = std::max(top, p.largest);
  }
  double total = 0;
  auto const each_visible = [&](auto const& use) {
    for (std::size_t c = 0; c < visible_.size(); ++c)
      if (visible(c))
        use(c, mass_.data() + hidden_.circles()[c].first_position,
            mass_.data() + hidden_.circles()[c].first_position + hidden_.circles()[c].period);
  };
  each_visible([&](std::size_t c, double* first, double* last) {
    if (!(largest_[c] > top + least_log_mass)) return hide(c);
    show(c, top);
    total = std::accumulate(first, last, total);
  });
  each_visible([&](std::size_t, double* first, double* last) {
    for (; first != last; ++first) *first /= total;
  });
  level_ = top + std::log(total);
}

void Filter::advance() {
  std::fill(log_entering_.begin(), log_entering_.end(), log_zero);
  for (std::size_t c = 0; c < visible_.size(); ++c) {
    auto const& circle = hidden_.circles()[c];
    auto const last = last_slot(c);
    double const leaving = log_mass_[last] + pending(c, last) + log_to_come_[row(circle, last)];
    if (!(leaving > log_zero)) continue;
    for (std::size_t j = 0; j < circle.successors.size(); ++j) {
      auto& entering = log_entering_[static_cast<std::size_t>(circle.successors[j].first)];
      entering = log_sum(entering, leaving + circle.log_successors[j]);
    }
  }
  for (std::size_t c = 0; c < visible_.size(); ++c) {
    finish_revolution(c, log_entering_[c]);
    if (++offset_[c] == hidden_.circles()[c].period) offset_[c] = 0;
  }
  ++time_;
}

void Filter::finish_revolution(std::size_t number, double log_entering) {
  auto const& circle = hidden_.circles()[number];
  auto const place = last_slot(number);
  bool const enters = !visible(number) && log_entering - level_ > least_log_mass;
  if (enters) settle(number);
  double const awaited = pending(number, place), before = log_mass_[place] + awaited;
  if (before == log_zero && log_entering == log_zero) return;
  auto const revolutions = circle.dwell.size();
  double* const to_come = log_to_come_.data() + row(circle, place);
  double largest = log_zero;
  for (std::size_t r = 0; r < revolutions; ++r) {
    double const gone_on = r + 1 < revolutions ? before + to_come[r + 1] : log_zero;
    to_come[r] = log_sum(gone_on, log_entering + circle.log_dwell[r]);
    largest = std::max(largest, to_come[r]);
  }
  // All mass may have vanished: no circle is entered, and no visit continues.
  double const unit = largest > log_zero ? largest : 0;
  for (std::size_t r = 0; r < revolutions; ++r) to_come[r] -= unit;
  if (follows_elapsed()) {
    double* const elapsed = log_elapsed_.data() + row(circle, place);
    for (std::size_t e = revolutions; e-- > 1;)
      elapsed[e] = circle.survival[e - 1] > 0
                       ? before + elapsed[e - 1] + (circle.log_survival[e] - circle.log_survival[e - 1]) - unit
                       : log_zero;
    elapsed[0] = log_entering - unit;
  }
  log_mass_[place] = largest - awaited;
  normal_[place] = largest == log_zero;
  pending_[number].largest = std::max(pending_[number].largest, log_mass_[place]);
  if (enters) visible_[number] = 1;
  if (!visible(number)) return;
  mass_[place] = 0;
  if (!(largest - level_ > least_log_mass)) return;
  normalize(circle, place);
  mass_[place] = std::exp(log_mass_[place] - level_);
}

double Filter::probability(std::int64_t circle, std::int64_t step, std::int64_t revolutions) const {
  auto const& c = hidden_.circles()[static_cast<std::size_t>(circle)];
  auto const place = slot(c, step);
  return mass_[place] * to_come(c, place, static_cast<std::size_t>(revolutions - 1));
}

}  // namespace mambasynth::oracle
