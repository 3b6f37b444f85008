#include "series/windows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "errors/errors.hpp"
#include "random/mt19937.hpp"

namespace mambasynth::series {
namespace {

/// Windows inside [first, first + steps); none if the part is too short.
std::vector<std::int64_t> starts_in(std::int64_t first, std::int64_t steps, std::int64_t seq_len, std::int64_t stride) {
  std::vector<std::int64_t> starts;
  for (std::int64_t start = 0; start <= steps - seq_len; start += stride) starts.push_back(first + start);
  return starts;
}

}  // namespace

std::vector<std::int64_t> window_starts(Segments const& series, std::int64_t seq_len, std::int64_t stride) {
  if (series.length() < seq_len && series.count > 1)
    throw errors::input("the trials of the recording are shorter than one window",
                        fmt::format("each has {} steps, seq_len is {}", series.length(), seq_len), "Lower --seq-len");
  if (series.length() < seq_len)
    throw errors::input("the series is shorter than one window",
                        fmt::format("it has {} steps, seq_len is {}", series.steps, seq_len),
                        "Lower --seq-len or use a longer series (--n-steps)");
  std::vector<std::int64_t> all;
  for (std::int64_t segment = 0; segment < series.count; ++segment) {
    auto const starts = starts_in(segment * series.length(), series.length(), seq_len, stride);
    all.insert(all.end(), starts.begin(), starts.end());
  }
  return all;
}

Split split_random(Segments const& series, std::int64_t seq_len, std::int64_t stride, double val_fraction,
                   std::int64_t seed) {
  auto const all = window_starts(series, seq_len, stride);
  auto const windows = static_cast<std::int64_t>(all.size());
  auto const validation =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(windows) * val_fraction));
  if (validation >= windows)
    throw errors::usage(
        "no window is left for training",
        fmt::format("the series has {} window(s) of seq_len {} and validation takes {}", windows, seq_len, validation),
        "Lower --seq-len, --stride or --val-fraction, or use a longer series");
  auto starts = random::Mt19937(static_cast<std::uint64_t>(seed)).permutation(windows);
  for (auto& start : starts) start = all[static_cast<std::size_t>(start)];
  return {{starts.begin(), starts.end() - validation}, {starts.end() - validation, starts.end()}};
}

namespace {

/// Segments held out at the end; at least one, since less cannot be.
std::int64_t held_out_segments(double fraction, std::int64_t count) {
  return fraction > 0 ? std::max<std::int64_t>(1, static_cast<std::int64_t>(fraction * static_cast<double>(count))) : 0;
}

Split split_segments(Segments const& series, std::int64_t seq_len, std::int64_t stride, double val_fraction) {
  auto const validation = held_out_segments(val_fraction, series.count), training = series.count - validation;
  if (validation == 0 || training < 1)
    throw errors::usage(
        fmt::format("no trial of the recording is left for {}", training < 1 ? "training" : "validation"),
        fmt::format("val_fraction = {} takes {} of {} (whole trials are held out)", val_fraction, validation,
                    series.count),
        training < 1 ? "Lower --test-fraction, or record more trials" : "Raise --val-fraction");
  auto const first = training * series.length();
  Split split{window_starts({first, training}, seq_len, stride),
              window_starts({series.steps - first, validation}, seq_len, stride)};
  for (auto& start : split.validation) start += first;
  return split;
}

}  // namespace

Split split_blocked(Segments const& series, std::int64_t seq_len, std::int64_t stride, double val_fraction) {
  window_starts(series, seq_len, stride);
  if (series.count > 1) return split_segments(series, seq_len, stride, val_fraction);
  auto const n_steps = series.steps;
  auto const validation = static_cast<std::int64_t>(std::floor(val_fraction * static_cast<double>(n_steps)));
  auto const training = n_steps - validation - seq_len;
  Split split{starts_in(0, training, seq_len, stride), starts_in(n_steps - validation, validation, seq_len, stride)};
  if (split.validation.empty())
    throw errors::usage("no validation window fits",
                        fmt::format("the last val_fraction = {} of {} steps are {} steps, a window has {}",
                                    val_fraction, n_steps, validation, seq_len),
                        "Raise --val-fraction, lower --seq-len or use a longer series");
  if (split.train.empty())
    throw errors::usage("no training window fits",
                        fmt::format("{} of {} steps remain before the gap of {} steps and the {} of validation",
                                    std::max<std::int64_t>(training, 0), n_steps, seq_len, validation),
                        "Lower --val-fraction or --seq-len, or use a longer series");
  return split;
}

HeldOut hold_out(Segments const& series, std::int64_t seq_len, double fraction) {
  window_starts(series, seq_len, seq_len);
  if (fraction == 0) return {series, {}};
  auto const trials = series.count > 1 ? held_out_segments(fraction, series.count) : 0;
  auto const steps = trials > 0 ? trials * series.length()
                                : static_cast<std::int64_t>(std::floor(fraction * static_cast<double>(series.steps)));
  auto const rest = series.steps - steps - (trials > 0 ? 0 : seq_len);
  if (steps < seq_len)
    throw errors::usage("no test window fits",
                        fmt::format("the last test_fraction = {} of {} steps are {} steps, a window has {}", fraction,
                                    series.steps, steps, seq_len),
                        "Raise --test-fraction, lower --seq-len, or train without a test part (--test-fraction 0)");
  if (rest < seq_len)
    throw errors::usage(
        "nothing is left for training",
        trials > 0 ? fmt::format("test_fraction = {} takes {} of {} trials", fraction, trials, series.count)
                   : fmt::format("{} of {} steps remain before the gap of {} steps and the {} of the test part",
                                 std::max<std::int64_t>(rest, 0), series.steps, seq_len, steps),
        "Lower --test-fraction or --seq-len, or use a longer recording");
  auto const first = series.steps - steps;
  auto test = trials > 0 ? window_starts({steps, trials}, seq_len, seq_len) : starts_in(0, steps, seq_len, seq_len);
  for (auto& start : test) start += first;
  return {trials > 0 ? Segments(rest, series.count - trials) : Segments(rest), std::move(test)};
}

}  // namespace mambasynth::series
