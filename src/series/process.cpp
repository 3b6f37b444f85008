#include "series/process.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <sstream>
#include <string>
#include <type_traits>

#include "errors/errors.hpp"
#include "series/householder.hpp"
#include "series/linear_algebra.hpp"

namespace mambasynth::series {
namespace {

constexpr std::int64_t block_of_circles = 10;
constexpr std::array<std::array<std::int64_t, 2>, 16> shortcuts{{{0, 5},
                                                                 {0, 7},
                                                                 {1, 6},
                                                                 {1, 8},
                                                                 {2, 9},
                                                                 {3, 7},
                                                                 {4, 8},
                                                                 {4, 1},
                                                                 {5, 2},
                                                                 {6, 0},
                                                                 {6, 3},
                                                                 {7, 4},
                                                                 {8, 1},
                                                                 {8, 5},
                                                                 {9, 3},
                                                                 {9, 6}}};
constexpr double shortcut_least = 0.3, shortcut_most = 0.8;
constexpr double full_turn = 2 * std::numbers::pi;

void draw_circles(config::Data const& data, Process& process) {
  random::NumpyGenerator generator(static_cast<std::uint64_t>(data.seed));
  for (std::int64_t i = 0; i < process.circles; ++i)
    process.radius.push_back(std::clamp(generator.normal(data.radius_mean, data.radius_std), 0.5 * data.radius_mean,
                                        1.5 * data.radius_mean));

  auto const channels = static_cast<std::size_t>(process.channels);
  auto const dimension = static_cast<std::size_t>(
      std::clamp<std::int64_t>(data.subspace_dim == 0 ? process.channels : data.subspace_dim, 2, process.channels));
  bool const whole_space = dimension == channels;
  std::vector<double> basis;
  if (!whole_space) {
    basis.resize(channels * dimension);
    generator.fill_normal(basis);
    basis = orthonormal_factor(basis, channels, dimension);
  }
  auto const draw_direction = [&] {
    std::vector<double> coordinates(dimension);
    generator.fill_normal(coordinates);
    return whole_space ? coordinates : transposed_product(basis.data(), channels, dimension, coordinates);
  };
  auto const normalize = [](std::vector<double>& v) {
    double const length = norm(v);
    for (double& value : v) value /= length;
  };
  for (std::int64_t i = 0; i < process.circles; ++i) {
    auto v1 = draw_direction();
    normalize(v1);
    auto v2 = draw_direction();
    double const along = dot(v2, v1);
    for (std::size_t c = 0; c < channels; ++c) v2[c] -= along * v1[c];
    normalize(v2);
    process.plane.insert(process.plane.end(), v1.begin(), v1.end());
    process.plane.insert(process.plane.end(), v2.begin(), v2.end());
  }
}

template <class T>
bool inside(config::Allowed const& allowed, T value) {
  auto const number = static_cast<double>(value);
  return std::isfinite(number) && (allowed.least_excluded ? number > allowed.least : number >= allowed.least) &&
         number <= allowed.most;
}

}  // namespace

double Process::step_angle(std::int64_t circle) const {
  return full_turn / static_cast<double>(period[static_cast<std::size_t>(circle)]);
}

std::string first_violation(config::Data const& data) {
  std::ostringstream problem;
  auto const check = [&](auto const& field) {
    auto const report = [&](auto value) {
      if (problem.tellp() == 0 && !inside(field.allowed, value))
        problem << field.key << " = " << value << " is out of bounds";
    };
    auto const& value = data.*field.member;
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_arithmetic_v<Value>) report(value);
    else if constexpr (std::is_same_v<Value, std::optional<std::int64_t>>) {
      if (value) report(*value);
    }
  };
  std::apply([&](auto const&... field) { (check(field), ...); }, config::Data::fields());
  return problem.str();
}

Process make_process(config::Data const& data) {
  if (auto const violation = first_violation(data); !violation.empty())
    throw errors::usage("the series cannot be generated", violation, "Correct that key of [data]");
  Process process;
  process.circles = data.n_circles;
  process.channels = data.ambient_dim;
  process.noise_std = data.noise_std;
  process.drift_std = data.drift_std;
  process.dwell_mean = data.dwell_mean;
  process.dwell_std = data.dwell_std;
  draw_circles(data, process);

  random::NumpyGenerator of_matrix(static_cast<std::uint64_t>(data.seed));
  process.transition_matrix = transition_matrix(data.n_circles, of_matrix);

  process.period = spaced_periods(data.min_period, data.max_period, data.n_circles);
  random::NumpyGenerator of_angles(static_cast<std::uint64_t>(data.seed));
  for (std::int64_t i = 0; i < data.n_circles; ++i) process.entry_angle.push_back(of_angles.uniform(0.0, full_turn));
  return process;
}

std::vector<double> transition_matrix(std::int64_t n, random::NumpyGenerator& generator) {
  std::vector<double> matrix(static_cast<std::size_t>(n * n), 0.0);
  auto const at = [&](std::int64_t from, std::int64_t to) -> double& {
    return matrix[static_cast<std::size_t>(from * n + to)];
  };
  if (n == 1) {
    at(0, 0) = 1.0;
    return matrix;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    at(i, (i + 1) % n) = 1.0;
    at(i, (i + n - 1) % n) = 1.0;
  }
  for (std::int64_t first = 0; first < n; first += block_of_circles)
    for (auto const& [i, j] : shortcuts) {
      std::int64_t const from = first + i, to = first + j;
      if (from < n && to < n && at(from, to) == 0.0) at(from, to) = generator.uniform(shortcut_least, shortcut_most);
    }
  for (std::int64_t i = 0; i < n; ++i) {
    auto const row = std::span(matrix).subspan(static_cast<std::size_t>(i * n), static_cast<std::size_t>(n));
    double const sum = pairwise_sum(row);
    for (double& value : row) value /= sum;
  }
  return matrix;
}

std::vector<std::int64_t> spaced_periods(std::int64_t first, std::int64_t last, std::int64_t n) {
  std::vector<std::int64_t> periods{first};
  double const delta = static_cast<double>(last) - static_cast<double>(first);
  double const step = delta / static_cast<double>(n - 1);
  for (std::int64_t i = 1; i < n; ++i)
    periods.push_back(static_cast<std::int64_t>(static_cast<double>(i) * step + static_cast<double>(first)));
  if (n > 1) periods.back() = last;
  return periods;
}

random::NumpyGenerator path_generator(config::Data const& data) {
  random::NumpyGenerator generator(static_cast<std::uint64_t>(data.resolved_path_seed()));
  for (std::int64_t i = 0; i < data.n_circles; ++i) generator.uniform();
  return generator;
}

random::NumpyGenerator drift_generator(config::Data const& data) {
  constexpr std::uint64_t apart = 0x9E3779B97F4A7C15;
  return random::NumpyGenerator(static_cast<std::uint64_t>(data.resolved_path_seed()) ^ apart);
}

config::Data test_series_of(config::Data data) {
  data.path_seed = data.resolved_test_path_seed();
  data.n_steps = data.resolved_test_n_steps();
  return data;
}

}  // namespace mambasynth::series
