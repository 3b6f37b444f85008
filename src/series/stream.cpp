#include "series/stream.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::series {

SeriesStream::SeriesStream(config::Data const& data, int threads, std::int64_t block_steps)
    : process_(make_process(data)),
      generator_(path_generator(data)),
      drift_generator_(drift_generator(data)),
      n_steps_(data.n_steps),
      threads_(std::max(threads, 1)) {
  for (std::int64_t circle = 0; circle < process_.circles; ++circle)
    successors_.push_back(random::cumulative(process_.transitions_from(circle)));
  auto const steps = static_cast<std::size_t>(std::min(block_steps, n_steps_));
  x_.resize(steps * static_cast<std::size_t>(process_.channels));
  circle_.resize(steps);
  step_of_visit_.resize(steps);
  phase_.resize(steps);
  if (process_.drift_std > 0) {
    center_.resize(x_.size());
    center_of_circle_.resize(static_cast<std::size_t>(process_.circles * process_.channels));
    center_time_.resize(static_cast<std::size_t>(process_.circles));
  }
  start_visit();
}

void SeriesStream::drift(std::int64_t circle, std::int64_t time, double* place) {
  auto const channels = static_cast<std::size_t>(process_.channels), c = static_cast<std::size_t>(circle);
  auto const center = std::span(center_of_circle_).subspan(c * channels, channels);
  auto const deviation = process_.drift_std * std::sqrt(static_cast<double>(time - center_time_[c]));
  if (deviation > 0)
    for (double& value : center) value += deviation * drift_generator_.normal();
  center_time_[c] = time;
  std::copy(center.begin(), center.end(), place);
}

void SeriesStream::start_visit() {
  auto const period = static_cast<double>(process_.period[static_cast<std::size_t>(circle_now_)]);
  double const target = generator_.normal(process_.dwell_mean, process_.dwell_std);
  double const revolutions = std::max(1.0, std::nearbyint(target / period));
  double const wanted = revolutions * period;
  auto const left = n_steps_ - done_;
  visit_length_ = wanted < static_cast<double>(left) ? static_cast<std::int64_t>(wanted) : left;
  visit_done_ = 0;
}

Block SeriesStream::next() {
  errors::check_stop();
  auto const channels = process_.channels;
  auto const capacity = static_cast<std::int64_t>(circle_.size());
  auto const first = done_;
  std::int64_t filled = 0;
  while (filled < capacity && done_ < n_steps_) {
    auto const steps = std::min(capacity - filled, visit_length_ - visit_done_);
    generator_.fill_normal(
        std::span(x_).subspan(static_cast<std::size_t>(filled * channels), static_cast<std::size_t>(steps * channels)));
    for (std::int64_t i = 0; i < steps; ++i) {
      circle_[static_cast<std::size_t>(filled + i)] = circle_now_;
      step_of_visit_[static_cast<std::size_t>(filled + i)] = visit_done_ + i;
      if (!center_.empty()) drift(circle_now_, done_ + i, center_.data() + (filled + i) * channels);
    }
    filled += steps;
    done_ += steps;
    visit_done_ += steps;
    if (visit_done_ == visit_length_ && done_ < n_steps_) {
      circle_now_ = generator_.choice(successors_[static_cast<std::size_t>(circle_now_)]);
      start_visit();
    }
  }
  render(filled);
  auto const steps = static_cast<std::size_t>(filled);
  return {first, std::span<double const>(x_).first(steps * static_cast<std::size_t>(channels)),
          std::span<std::int64_t const>(circle_).first(steps), std::span<double const>(phase_).first(steps)};
}

void SeriesStream::render(std::int64_t steps) {
  auto const channels = static_cast<std::size_t>(process_.channels);
  double const noise_std = process_.noise_std;
#pragma omp parallel for schedule(static) num_threads(threads_) if (threads_ > 1)
  for (std::int64_t step = 0; step < steps; ++step) {
    auto const t = static_cast<std::size_t>(step);
    auto const circle = circle_[t];
    auto const c = static_cast<std::size_t>(circle);
    double const angle =
        std::fmod(process_.entry_angle[c] + static_cast<double>(step_of_visit_[t]) * process_.step_angle(circle),
                  2 * std::numbers::pi);
    double const cosine = std::cos(angle), sine = std::sin(angle), radius = process_.radius[c];
    double const* const v1 = process_.axis(circle, 0).data();
    double const* const v2 = process_.axis(circle, 1).data();
    double* const x = x_.data() + t * channels;
    phase_[t] = angle;
    for (std::size_t i = 0; i < channels; ++i) x[i] = radius * (cosine * v1[i] + sine * v2[i]) + noise_std * x[i];
    if (center_.empty()) continue;
    for (std::size_t i = 0; i < channels; ++i) x[i] += center_[t * channels + i];
  }
}

void for_each_block(SeriesStream& stream, std::function<void(Block const&)> const& consume) {
  progress::Count count(stream.n_steps(), "step");
  for (auto block = stream.next(); block.steps() > 0; block = stream.next()) {
    consume(block);
    count.add(block.steps());
  }
}

}  // namespace mambasynth::series
