#include "gates/statistics.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "gates/samples.hpp"
#include "progress/count.hpp"
#include "series/visits.hpp"
#include "series/windows.hpp"

namespace mambasynth::gates {
namespace {

constexpr std::size_t measures = 3;  // delta, memory, log memory

/// Sums over blocks, for the mean and standard error of a ratio.
class BlockSums {
 public:
  void add(double sum, double count) {
    if (count == 0) return;
    blocks_ += 1;
    sum_ += sum, count_ += count;
    sum_sum_ += sum * sum, sum_count_ += sum * count, count_count_ += count * count;
  }
  [[nodiscard]] double count() const { return count_; }
  [[nodiscard]] double mean() const { return count_ > 0 ? sum_ / count_ : nan; }
  /// Cochran, Sampling Techniques, section 6.4: residuals of each block's sum about the mean times its count.
  [[nodiscard]] double standard_error() const {
    if (blocks_ < 2) return nan;
    double const m = mean(), residual = sum_sum_ - 2 * m * sum_count_ + m * m * count_count_;
    return std::sqrt(std::max(0.0, residual) * blocks_ / (blocks_ - 1)) / count_;
  }

 private:
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  double blocks_ = 0, sum_ = 0, count_ = 0, sum_sum_ = 0, sum_count_ = 0, count_count_ = 0;
};

/// Which steps of a window go into which bin.
struct Membership {
  std::vector<std::pair<std::size_t, std::size_t>> bin_and_step;
  std::vector<double> count;  ///< (bin)
};

class Bins {
 public:
  Bins(Course const& course, StatisticsShape const& shape)
      : shape_(shape), course_(course), since_(series::steps_in_visit(course.circle)), near_(since_.size(), false) {
    auto const steps = static_cast<std::int64_t>(since_.size());
    for (std::int64_t t = 1; t < steps; ++t)
      if (switches(t))
        for (auto s = std::max<std::int64_t>(0, t - shape.around); s <= std::min(steps - 1, t + shape.around); ++s)
          near_[index(s)] = true;
  }
  [[nodiscard]] bool labeled() const { return !since_.empty(); }
  [[nodiscard]] std::size_t conditions_here() const { return labeled() ? condition_count : std::size_t{1}; }
  [[nodiscard]] std::size_t offsets() const { return labeled() ? index(2 * shape_.around + 1) : 0; }
  [[nodiscard]] std::size_t first_of_switch() const { return conditions_here(); }
  [[nodiscard]] std::size_t first_of_return() const { return conditions_here() + offsets(); }
  [[nodiscard]] std::size_t count() const { return conditions_here() + 2 * offsets(); }

  [[nodiscard]] Membership of_window(std::int64_t start) const {
    Membership m;
    m.count.assign(count(), 0);
    auto const put = [&](std::size_t bin, std::int64_t step) {
      m.bin_and_step.emplace_back(bin, index(step));
      m.count[bin] += 1;
    };
    for (auto step = shape_.skip; step < shape_.seq_len; ++step) {
      put(column_of(Condition::all), step);
      if (!labeled()) continue;
      auto const t = start + step;
      if (!near_[index(t)]) put(column_of(Condition::away), step);
      if (switches(t))
        around(step, [&](std::int64_t offset, std::int64_t other) {
          put(column_of(offset < 0 ? Condition::before : offset == 0 ? Condition::at_switch : Condition::after), other);
          put(first_of_switch() + index(offset + shape_.around), other);
        });
      if (returns(t)) {
        put(column_of(Condition::at_return), step);
        around(step, [&](std::int64_t offset, std::int64_t other) {
          if (!near_[index(start + other)]) put(first_of_return() + index(offset + shape_.around), other);
        });
      }
    }
    return m;
  }

 private:
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }
  [[nodiscard]] bool switches(std::int64_t t) const { return t > 0 && since_[index(t)] == 0; }
  [[nodiscard]] bool returns(std::int64_t t) const {
    return !course_.period.empty() && !near_[index(t)] && since_[index(t)] > 0 &&
           since_[index(t)] % course_.period[index(course_.circle[index(t)])] == 0;
  }
  /// The counted steps of a window that are up to `around` steps from one of these.
  template <class Visit>
  void around(std::int64_t step, Visit const& visit) const {
    auto const first = std::max(step - shape_.around, shape_.skip),
               last = std::min(step + shape_.around, shape_.seq_len - 1);
    for (auto other = first; other <= last; ++other) visit(other - step, other);
  }
  StatisticsShape shape_;
  Course course_;
  std::vector<std::int64_t> since_;  ///< (time), first step of the visit
  std::vector<bool> near_;           ///< (time), a switch
};

/// Mean delta, mean memory and mean log memory of each step, (measure, window, step).
at::Tensor measures_of(model::GateSignals const& signals, at::Tensor const& A_log) {
  // softplus may underflow to 0 in fp32; the smallest normal number keeps the memory finite.
  auto const delta = signals.delta.to(at::kDouble).clamp_min(static_cast<double>(std::numeric_limits<float>::min()));
  auto const log_A = A_log.to(at::kDouble);  // |A| = exp(A_log)
  auto const inverse_A = log_A.neg().exp().mean(1);
  return at::stack({signals.delta.to(at::kDouble).mean(2), (inverse_A / delta).mean(2),
                    -(delta.log().mean(2) + log_A.mean())})
      .contiguous();
}

Table table(std::vector<BlockSums> const& sums, std::size_t layers, std::size_t bins, std::size_t first,
            std::size_t count) {
  Table t;
  for (std::size_t b = 0; b < count; ++b) t.steps.push_back(static_cast<std::int64_t>(sums[first + b].count()));
  auto const fill = [&](std::size_t measure, Averages& to, bool logarithmic) {
    for (std::size_t layer = 0; layer < layers; ++layer)
      for (std::size_t b = 0; b < count; ++b) {
        auto const& sum = sums[(measure * layers + layer) * bins + first + b];
        auto const value = logarithmic ? std::exp(sum.mean()) : sum.mean();
        to.value.push_back(value);
        to.standard_error.push_back(sum.standard_error() * (logarithmic ? value : 1.0));
      }
  };
  fill(0, t.delta, false);
  fill(1, t.memory, false);
  fill(2, t.memory_geometric, true);
  return t;
}

}  // namespace

Statistics gate_statistics(model::Predictor const& network, model::Network const& weights, at::Tensor const& series,
                           Course const& course, StatisticsShape const& shape) {
  if (shape.skip >= shape.seq_len)
    throw errors::usage(fmt::format("gates.skip = {} leaves no step of a window", shape.skip),
                        fmt::format("it has {} steps", shape.seq_len), "Skip fewer steps, or give a longer --seq-len");
  auto const windows =
      static_cast<std::int64_t>(series::window_starts(series.size(0), shape.seq_len, shape.seq_len).size());
  auto const layers = weights.layers().size();
  Bins const bins(course, shape);
  std::vector<BlockSums> sums(measures * layers * bins.count());
  std::vector<double> of_window(bins.count());

  auto const size = std::max<std::int64_t>(1, batch_steps / shape.seq_len);
  progress::Count counted(windows, "window");
  for (std::int64_t first = 0; first < windows; first += size) {
    errors::check_stop();
    auto const count = std::min(size, windows - first);
    auto const signals = network.gates(
        series.narrow(0, first * shape.seq_len, count * shape.seq_len).view({count, shape.seq_len, series.size(1)}));
    std::vector<Membership> membership;
    for (std::int64_t w = 0; w < count; ++w) membership.push_back(bins.of_window((first + w) * shape.seq_len));
    for (std::size_t layer = 0; layer < layers; ++layer) {
      auto const values = measures_of(signals[layer], weights.layers()[layer].mixer.A_log);
      auto const* value = values.const_data_ptr<double>();
      for (std::size_t measure = 0; measure < measures; ++measure)
        for (auto const& m : membership) {
          std::fill(of_window.begin(), of_window.end(), 0.0);
          for (auto const& [bin, step] : m.bin_and_step) of_window[bin] += value[step];
          for (std::size_t bin = 0; bin < bins.count(); ++bin)
            sums[(measure * layers + layer) * bins.count() + bin].add(of_window[bin], m.count[bin]);
          value += shape.seq_len;
        }
    }
    counted.add(count);
  }

  Statistics s;
  s.layers = static_cast<std::int64_t>(layers);
  s.windows = windows, s.skip = shape.skip, s.around = shape.around;
  std::array<char const*, condition_count> const names{"all", "away", "before", "switch", "after", "return"};
  s.conditions.assign(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(bins.conditions_here()));
  s.by_condition = table(sums, layers, bins.count(), 0, bins.conditions_here());
  if (!bins.labeled()) return s;
  s.around_switch = table(sums, layers, bins.count(), bins.first_of_switch(), bins.offsets());
  s.around_return = table(sums, layers, bins.count(), bins.first_of_return(), bins.offsets());
  return s;
}

}  // namespace mambasynth::gates
