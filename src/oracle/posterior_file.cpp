#include "oracle/posterior_file.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mambasynth::oracle {
namespace {

constexpr std::int64_t posteriors_schema_version = 1;
constexpr std::uint64_t chunk_rows = 4096;

template <class T>
void append(store::Hdf5Stream& stream, T const& value) {
  stream.append(std::span<T const>(&value, 1));
}

}  // namespace

PosteriorFile::PosteriorFile(std::filesystem::path const& file, HiddenProcess const& hidden,
                             std::vector<std::int64_t> const& horizons, bool elapsed)
    : result_(file, posteriors_schema_version),
      to_come_now_(static_cast<std::size_t>(hidden.most_revolutions())),
      elapsed_now_(elapsed ? to_come_now_.size() : 0),
      switched_now_(horizons.size()) {
  auto& h5 = result_.h5();
  h5.attribute("/", "title", "posterior of the hidden state, step by step");
  auto const circles = static_cast<std::int64_t>(hidden.circles().size());
  h5.counting_scale("/circle_id", 0, circles, {"circle", "1"});
  h5.counting_scale("/next_circle", 0, circles, {"circle visited next", "1"});
  h5.counting_scale("/revolutions_to_come", 1, hidden.most_revolutions(),
                    {"revolutions to come, including the current one", "1"});
  h5.scale<std::int64_t>("/horizon", horizons, {"steps ahead", "step"});
  time_ = h5.stream_scale<std::int64_t>("/time", chunk_rows, {"time step", "1"});
  auto const stream = [&](char const* path, std::vector<std::string> const& dims, char const* meaning,
                          char const* units = "1") {
    return h5.stream<double>(path, dims, chunk_rows, {meaning, units});
  };
  circle_ = stream("/circle_probability", {"/time", "/circle_id"}, "probability of the circle");
  next_circle_ =
      stream("/next_circle_probability", {"/time", "/next_circle"}, "probability of the circle of the next visit");
  to_come_ = stream("/revolutions_to_come_probability", {"/time", "/revolutions_to_come"},
                    "probability of the revolutions to come");
  hazard_ = stream("/switch_hazard", {"/time"}, "probability that the visit ends with this step");
  switched_ = stream("/switch_probability", {"/time", "/horizon"},
                     "probability that the step this far ahead lies in another visit");
  phase_ = stream("/phase", {"/time"}, "circular mean of the phase, wrapped to [0, 2 pi)", "rad");
  concentration_ = stream("/phase_concentration", {"/time"}, "length of the mean of e^(i phase)");
  if (!elapsed) return;
  h5.counting_scale("/revolutions_elapsed", 0, hidden.most_revolutions(),
                    {"revolutions that the visit has completed", "1"});
  elapsed_ = stream("/revolutions_elapsed_probability", {"/time", "/revolutions_elapsed"},
                    "probability of the revolutions elapsed");
}

void PosteriorFile::add(std::int64_t t, Filter const& filter, Forecast const& forecast) {
  std::fill(to_come_now_.begin(), to_come_now_.end(), 0.0);
  std::fill(elapsed_now_.begin(), elapsed_now_.end(), 0.0);
  for (auto const& circle : filter.hidden().circles()) {
    auto const first = static_cast<std::size_t>(circle.first_position);
    for (auto slot = first; slot < first + static_cast<std::size_t>(circle.period); ++slot) {
      double const mass = filter.mass(slot);
      if (mass == 0) continue;
      for (std::size_t r = 0; r < circle.dwell.size(); ++r) to_come_now_[r] += mass * filter.to_come(circle, slot, r);
      if (elapsed_now_.empty()) continue;
      for (std::size_t e = 0; e < circle.dwell.size(); ++e) elapsed_now_[e] += mass * filter.elapsed(circle, slot, e);
    }
  }
  for (std::size_t h = 0; h < switched_now_.size(); ++h) switched_now_[h] = forecast.switched(h);
  append(time_, t);
  circle_.append(std::span<double const>(forecast.circle_now()));
  next_circle_.append(std::span<double const>(forecast.next_circle()));
  to_come_.append(std::span<double const>(to_come_now_));
  if (!elapsed_now_.empty()) elapsed_.append(std::span<double const>(elapsed_now_));
  append(hazard_, forecast.hazard());
  switched_.append(std::span<double const>(switched_now_));
  double const angle = std::atan2(forecast.phase_sine(), forecast.phase_cosine());
  append(phase_, angle < 0 ? angle + 2 * std::numbers::pi : angle);
  append(concentration_, std::hypot(forecast.phase_cosine(), forecast.phase_sine()));
}

void PosteriorFile::close() { result_.commit(); }

}  // namespace mambasynth::oracle
