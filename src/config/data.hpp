#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "config/field.hpp"

namespace mambasynth::config {

/// A matrix of transitions between so many takes 800 MB.
inline constexpr std::int64_t most_circles = 10000;

/// The generator of the series. Defaults: the original's config.json.
struct Data {
  std::int64_t seed = 42;
  std::int64_t n_steps = 100000;
  std::int64_t n_circles = 10;
  std::int64_t ambient_dim = 20;
  double radius_mean = 20.0;
  double radius_std = 2.0;
  double noise_std = 2.83;
  double dwell_mean = 400;
  double dwell_std = 100;
  std::int64_t min_period = 40;
  std::int64_t max_period = 400;
  std::int64_t subspace_dim = 0;
  double drift_std = 0;
  std::optional<std::int64_t> path_seed;
  std::optional<std::int64_t> test_path_seed;
  std::optional<std::int64_t> test_n_steps;
  std::string path;
  std::string array;
  std::string labels;
  bool standardise = false;
  double test_fraction = 0.2;
  double sampling_rate = 0;

  static constexpr std::string_view section = "data";
  static constexpr std::string_view title = "series";
  static auto fields() {
    return std::tuple{
        Field{"seed", &Data::seed, data_seeds(), "seed of circles, transitions and entry angles"}.common(),
        Field{"n_steps", &Data::n_steps, between(1, most_steps), "time steps"}.common(),
        Field{"n_circles", &Data::n_circles, between(1, most_circles), "circles, one per hidden state"}.own(),
        Field{"ambient_dim", &Data::ambient_dim, between(2, most_width), "channels of the series"}.own(),
        Field{"radius_mean", &Data::radius_mean, above(0, most_factor), "mean radius"}.own(),
        Field{"radius_std", &Data::radius_std, between(0, most_factor), "standard deviation of the radii"}.own(),
        Field{"noise_std", &Data::noise_std, between(0, most_factor), "standard deviation of each channel's noise"}
            .own(),
        Field{"dwell_mean", &Data::dwell_mean, above(0, most_count),
              "mean length of a visit in steps, before rounding to whole revolutions"}
            .own(),
        Field{"dwell_std", &Data::dwell_std, between(0, most_count), "standard deviation of that length"}.own(),
        Field{"min_period", &Data::min_period, between(1, most_count), "steps per revolution of the first circle"}
            .own(),
        Field{"max_period", &Data::max_period, between(1, most_count), "steps per revolution of the last circle"}.own(),
        Field{"subspace_dim", &Data::subspace_dim, between(0, most_width),
              "dimension of the subspace that contains all circles; 0 = the full space"},
        Field{"drift_std", &Data::drift_std, between(0, most_factor),
              "standard deviation of each step of the random walk of a circle's center, in each channel; 0 = centers "
              "at the origin",
              Effect::result_unless_default},
        Field{"path_seed", &Data::path_seed, data_seeds(), "seed of the path: visits and noise [default: data.seed]"}
            .own(),
        Field{"test_path_seed", &Data::test_path_seed, data_seeds(),
              "path seed of the test series; must differ from path_seed [default: data.path_seed + 1]"},
        Field{"test_n_steps", &Data::test_n_steps, between(1, most_steps),
              "steps of the test series [default: data.n_steps]"},
        Field{"path", &Data::path, any(),
              "a series (series.h5, data.npz, their folder) or your recording (.npy, .npz, .csv, .h5) of shape "
              "(time, channel) or (trial, time, channel); empty = the checkpoint's, the folder data, or generated",
              Effect::none}
            .common(),
        Field{"array", &Data::array, any(), "array of the recording, if its file holds several", Effect::none},
        Field{"labels", &Data::labels, any(),
              "array or column with an integer for each step of the recording, for probes and colors; empty = one "
              "named label, state or circle",
              Effect::measurement},
        Field{"standardise", &Data::standardise, any(),
              "scale each channel of the recording to mean 0 and standard deviation 1 over the training part",
              Effect::result_unless_default},
        Field{"test_fraction", &Data::test_fraction, between(0, 0.9),
              "fraction at the end of the recording held out for test", Effect::result_unless_default},
        Field{"sampling_rate", &Data::sampling_rate, between(0, most_factor),
              "Hz, for time axes in seconds; 0 = in steps", Effect::none},
    };
  }
  /// Keys of a recording, which say nothing about a generated series. Those that change results are part of the ID of a
  /// trial on a recording.
  static constexpr bool describes_recording(std::string_view key) {
    return key == "array" || key == "labels" || key == "standardise" || key == "test_fraction" ||
           key == "sampling_rate";
  }
  [[nodiscard]] std::int64_t resolved_path_seed() const { return path_seed.value_or(seed); }
  /// May exceed the largest seed; check_test_series refuses that.
  [[nodiscard]] std::int64_t resolved_test_path_seed() const {
    return test_path_seed.value_or(resolved_path_seed() + 1);
  }
  [[nodiscard]] std::int64_t resolved_test_n_steps() const { return test_n_steps.value_or(n_steps); }
  /// The same with every optional key resolved.
  [[nodiscard]] Data resolved() const {
    auto all = *this;
    all.path_seed = resolved_path_seed();
    all.test_path_seed = resolved_test_path_seed();
    all.test_n_steps = resolved_test_n_steps();
    return all;
  }
};

}  // namespace mambasynth::config
