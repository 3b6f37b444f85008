#include "oracle/score.hpp"

#include <cmath>
#include <limits>

namespace mambasynth::oracle {
namespace {

double ratio(double sum, double count) { return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN(); }

/// Standard error of sum of error / sum of count, without blocks whose count is 0; NaN with fewer than two.
template <class OfBlocks>
double error_of_ratio(OfBlocks const& blocks) {
  double errors = 0, counts = 0, used = 0, squares = 0;
  for (auto const& [error, count] : blocks) errors += error, counts += count;
  double const mean = errors / counts;
  for (auto const& [error, count] : blocks) {
    if (count == 0) continue;
    used += 1;
    double const off = (error - count * mean) / counts;
    squares += off * off;
  }
  return used > 1 ? std::sqrt(squares * used / (used - 1)) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Score::Score(std::vector<std::int64_t> horizons, std::int64_t n_steps)
    : horizons_(std::move(horizons)), n_steps_(n_steps), row_(horizons_.size() * parts + 2) {
  sums_.assign(static_cast<std::size_t>((n_steps + block_steps - 1) / block_steps) * row_, 0.0);
}

void Score::add(std::int64_t t, Forecast const& forecast, Observed const& series) {
  double* const row = sums_.data() + static_cast<std::size_t>(t / block_steps) * row_;
  auto const circles = forecast.circle_now().size();
  auto const channels = series.channels();
  for (std::size_t h = 0; h < horizons_.size(); ++h) {
    auto const target = t + horizons_[h];
    if (target >= n_steps_) break;  // horizons are ascending
    double const* const x = series.at(target);
    double const* const mean = forecast.mean(h);
    double squares = 0;
    for (std::size_t i = 0; i < channels; ++i) {
      double const difference = x[i] - mean[i];
      squares += difference * difference;
    }
    double const mse = squares / static_cast<double>(channels);
    double* const sums = row + h * parts;
    sums[count] += 1;
    sums[error] += mse;
    sums[circle_entropy] += entropy(forecast.circle(h), circles);
    if (series.visit[series.row(target)] == series.visit[series.row(t)]) continue;
    sums[switch_count] += 1;
    sums[switch_error] += mse;
  }
  row[row_ - 2] += 1;
  row[row_ - 1] += entropy(forecast.next_circle().data(), circles);
}

double Score::total(std::size_t h, Part part) const {
  double total = 0;
  for (std::size_t b = 0; b < blocks(); ++b) total += sum(b, h, part);
  return total;
}

std::vector<Score::OfBlock> Score::all_steps(std::size_t h) const {
  std::vector<OfBlock> found;
  for (std::size_t b = 0; b < blocks(); ++b) found.push_back({sum(b, h, error), sum(b, h, count)});
  return found;
}

std::vector<Score::OfBlock> Score::switch_steps(std::size_t h) const {
  std::vector<OfBlock> found;
  for (std::size_t b = 0; b < blocks(); ++b) found.push_back({sum(b, h, switch_error), sum(b, h, switch_count)});
  return found;
}

std::vector<Score::OfBlock> Score::stay_steps(std::size_t h) const {
  std::vector<OfBlock> found;
  for (std::size_t b = 0; b < blocks(); ++b)
    found.push_back({sum(b, h, error) - sum(b, h, switch_error), sum(b, h, count) - sum(b, h, switch_count)});
  return found;
}

Summary Score::summary() const {
  Summary s;
  s.horizon = horizons_;
  for (std::size_t h = 0; h < horizons_.size(); ++h) {
    double const n = total(h, count), all = total(h, error);
    double const n_switch = total(h, switch_count), switched = total(h, switch_error);
    double stayed = 0;  // block by block: all - switched would lose precision if almost all steps switch
    for (std::size_t b = 0; b < blocks(); ++b) stayed += sum(b, h, error) - sum(b, h, switch_error);
    s.mse.push_back(ratio(all, n));
    s.mse_se.push_back(error_of_ratio(all_steps(h)));
    s.mse_switch_se.push_back(error_of_ratio(switch_steps(h)));
    s.mse_stay_se.push_back(error_of_ratio(stay_steps(h)));
    s.mse_switch.push_back(ratio(switched, n_switch));
    s.mse_stay.push_back(ratio(stayed, n - n_switch));
    s.switch_share.push_back(ratio(n_switch, n));
    s.circle_entropy.push_back(ratio(total(h, circle_entropy), n));
  }
  double steps = 0, entropies = 0;
  for (std::size_t b = 0; b < blocks(); ++b) {
    steps += sums_[b * row_ + row_ - 2];
    entropies += sums_[b * row_ + row_ - 1];
  }
  s.next_circle_entropy = ratio(entropies, steps);
  return s;
}

std::vector<std::int64_t> visits_of(std::span<std::int64_t const> circle) {
  std::vector<std::int64_t> visit;
  visit.reserve(circle.size());
  for (std::size_t t = 0; t < circle.size(); ++t)
    visit.push_back(t == 0 ? 0 : visit.back() + (circle[t] != circle[t - 1] ? 1 : 0));
  return visit;
}

}  // namespace mambasynth::oracle
