#include "series/windows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

std::vector<std::int64_t> window_starts(std::int64_t n_steps, std::int64_t seq_len, std::int64_t stride) {
  if (n_steps < seq_len)
    throw errors::input("the series is shorter than one window",
                        fmt::format("it has {} steps, seq_len is {}", n_steps, seq_len),
                        "Lower --seq-len or use a longer series (--n-steps)");
  return starts_in(0, n_steps, seq_len, stride);
}

Split split_random(std::int64_t n_steps, std::int64_t seq_len, std::int64_t stride, double val_fraction,
                   std::int64_t seed) {
  auto const windows = static_cast<std::int64_t>(window_starts(n_steps, seq_len, stride).size());
  auto const validation =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(windows) * val_fraction));
  if (validation >= windows)
    throw errors::usage(
        "no window is left for training",
        fmt::format("the series has {} window(s) of seq_len {} and validation takes {}", windows, seq_len, validation),
        "Lower --seq-len, --stride or --val-fraction, or use a longer series");
  auto starts = random::Mt19937(static_cast<std::uint64_t>(seed)).permutation(windows);
  for (auto& start : starts) start *= stride;
  return {{starts.begin(), starts.end() - validation}, {starts.end() - validation, starts.end()}};
}

Split split_blocked(std::int64_t n_steps, std::int64_t seq_len, std::int64_t stride, double val_fraction) {
  window_starts(n_steps, seq_len, stride);
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

}  // namespace mambasynth::series
