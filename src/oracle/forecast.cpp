#include "oracle/forecast.hpp"

#include <algorithm>
#include <cmath>

namespace mambasynth::oracle {

Forecast::Forecast(HiddenProcess const& hidden, std::vector<std::int64_t> horizons)
    : hidden_(hidden),
      horizons_(std::move(horizons)),
      channels_(static_cast<std::size_t>(hidden.channels())),
      circles_(hidden.circles().size()),
      mean_(horizons_.size() * channels_),
      circle_(horizons_.size() * circles_),
      switched_(horizons_.size()),
      circle_now_(circles_),
      next_circle_(circles_),
      is_active_(circles_),
      moving_(circles_),
      out_(circles_),
      in_(static_cast<std::size_t>(horizons_.back()) * circles_) {}

void Forecast::make(Filter const& filter) {
  look_at(filter);
  std::size_t h = 0;
  for (std::int64_t k = 0; h < horizons_.size(); ++k) {
    move_on(filter, k);
    if (k == 0) hazard_ = left_;
    if (horizons_[h] == k + 1) note(h++);
  }
}

void Forecast::look_at(Filter const& filter) {
  left_ = phase_cosine_ = phase_sine_ = 0;
  std::fill(next_circle_.begin(), next_circle_.end(), 0.0);
  std::fill(circle_now_.begin(), circle_now_.end(), 0.0);
  std::fill(is_active_.begin(), is_active_.end(), char{0});
  active_.clear();
  for (std::size_t c = 0; c < circles_; ++c) {
    if (!filter.visible(c)) continue;
    enter(c);
    auto const& circle = hidden_.circles()[c];
    auto const offset = static_cast<std::size_t>(filter.offset(circle)),
               first = static_cast<std::size_t>(circle.first_position);
    Moving sum{0, 0, 0};
    for (std::size_t i = 0; i < static_cast<std::size_t>(circle.period); ++i) {
      double const mass = filter.mass(first + i);
      if (mass == 0) continue;
      sum.mass += mass;
      sum.cosine += mass * circle.cosine[offset + i];
      sum.sine += mass * circle.sine[offset + i];
    }
    moving_[c] = sum;
    circle_now_[c] = sum.mass;
    phase_cosine_ += sum.cosine;
    phase_sine_ += sum.sine;
    for (auto const& [next, probability] : circle.successors)
      next_circle_[static_cast<std::size_t>(next)] += sum.mass * probability;
  }
}

void Forecast::enter(std::size_t circle) {
  if (is_active_[circle]) return;
  is_active_[circle] = 1;
  active_.push_back(circle);
  moving_[circle] = {0, 0, 0};
  out_[circle] = 0;
}

void Forecast::move_on(Filter const& filter, std::int64_t k) {
  double* const in = in_.data() + static_cast<std::size_t>(k) * circles_;
  std::fill(in, in + circles_, 0.0);
  for (std::size_t a = 0, before = active_.size(); a < before; ++a) {  // it grows during the loop
    auto const c = active_[a];
    auto const& circle = hidden_.circles()[c];
    auto const wraps = k < circle.period ? 0 : k / circle.period;  // divisions would dominate this loop
    auto const slot = filter.slot(circle, circle.period - 1 - (k - wraps * circle.period));
    double out = 0;
    if (wraps < circle.revolutions && filter.mass(slot) > 0)
      out = filter.mass(slot) * filter.to_come(circle, slot, static_cast<std::size_t>(wraps));
    if (!circle.alone(static_cast<std::int64_t>(c))) left_ += out;
    for (std::int64_t j = 1; j <= std::min(wraps, circle.revolutions); ++j)
      out += in_[static_cast<std::size_t>(k - j * circle.period) * circles_ + c] *
             circle.dwell[static_cast<std::size_t>(j - 1)];
    out_[c] = out;
    if (out == 0) continue;
    for (auto const& [next, probability] : circle.successors) {
      enter(static_cast<std::size_t>(next));
      in[next] += out * probability;
    }
  }
  for (auto const c : active_) {
    auto& moving = moving_[c];
    double const change = in[c] - out_[c];
    auto const& circle = hidden_.circles()[c];
    double const cosine = moving.cosine * circle.turn_cosine - moving.sine * circle.turn_sine;
    double const sine = moving.cosine * circle.turn_sine + moving.sine * circle.turn_cosine;
    moving = {moving.mass + change, cosine + change * circle.cosine[0], sine + change * circle.sine[0]};
  }
}

void Forecast::note(std::size_t h) {
  double* const mean = mean_.data() + h * channels_;
  std::fill(mean, mean + channels_, 0.0);
  double* const circle = circle_.data() + h * circles_;
  std::fill(circle, circle + circles_, 0.0);
  for (auto const c : active_) {
    auto const& moving = moving_[c];
    circle[c] = std::max(moving.mass, 0.0);
    double const along_1 = hidden_.circles()[c].radius * moving.cosine,
                 along_2 = hidden_.circles()[c].radius * moving.sine;
    double const* const v1 = hidden_.process().axis(static_cast<std::int64_t>(c), 0).data();
    double const* const v2 = hidden_.process().axis(static_cast<std::int64_t>(c), 1).data();
    for (std::size_t i = 0; i < channels_; ++i) mean[i] += along_1 * v1[i] + along_2 * v2[i];
  }
  switched_[h] = left_;
}

double entropy(double const* probabilities, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i)
    if (probabilities[i] > 0 && probabilities[i] < 1) sum -= probabilities[i] * std::log(probabilities[i]);
  return sum;
}

}  // namespace mambasynth::oracle
