#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <vector>

#include "oracle/dwell.hpp"
#include "oracle/hidden_process.hpp"
#include "series/series.hpp"

/// The law of a tiny process's hidden paths, by enumeration.
namespace mambasynth::tests {

/// Where a path is at one step.
struct Place {
  std::int64_t circle, step, to_come, elapsed, visit;
};
using Path = std::vector<Place>;

/// Three circles with periods 1, 2, 3 and noise so strong that several places remain possible.
inline config::Data tiny() {
  config::Data data;
  data.n_circles = 3;
  data.ambient_dim = 3;
  data.min_period = 1;
  data.max_period = 3;
  data.dwell_mean = 3;
  data.dwell_std = 0.8;
  data.noise_std = 15;
  data.seed = 5;
  data.n_steps = 40;
  return data;
}

/// Calls `visit(path, prior)` for every path of `steps` steps. `known`: from circle 0, step 0; else from any place in
/// any visit, weighted by how often the process is there.
class Enumeration {
 public:
  Enumeration(series::Process const& process, std::int64_t steps, bool known)
      : process_(process), steps_(static_cast<std::size_t>(steps)), known_(known) {
    for (auto const period : process.period)
      dwell_.push_back(oracle::dwell_law(period, process.dwell_mean, process.dwell_std));
  }
  void each(std::function<void(Path const&, double)> const& use) const {
    Path path;
    if (known_) return enter(path, 0, 0, 1, use);
    // The chain's stationary law by iteration, damped for periodic chains.
    auto const n = static_cast<std::size_t>(process_.circles);
    std::vector<double> visits(n, 1.0 / static_cast<double>(n));
    for (int i = 0; i < 5000; ++i) {
      std::vector<double> next(n, 0.0);
      for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < n; ++b) next[b] += visits[a] * process_.transition_matrix[a * n + b];
      for (std::size_t a = 0; a < n; ++a) visits[a] = 0.5 * (visits[a] + next[a]);
    }
    double all = 0;
    for (std::size_t c = 0; c < n; ++c)
      for (std::size_t k = 0; k < dwell_[c].size(); ++k)
        all += visits[c] * dwell_[c][k] * static_cast<double>(k + 1) * static_cast<double>(process_.period[c]);
    for (std::size_t c = 0; c < n; ++c)
      for (std::int64_t k = 1; k <= static_cast<std::int64_t>(dwell_[c].size()); ++k)
        for (std::int64_t e = 0; e < k; ++e)
          for (std::int64_t s = 0; s < process_.period[c]; ++s)
            follow(path, {static_cast<std::int64_t>(c), s, k - e, e, 0},
                   visits[c] * dwell_[c][static_cast<std::size_t>(k - 1)] / all, use);
  }

 private:
  void enter(Path& path, std::int64_t circle, std::int64_t visit, double weight,
             std::function<void(Path const&, double)> const& use) const {
    auto const& law = dwell_[static_cast<std::size_t>(circle)];
    for (std::size_t k = 0; k < law.size(); ++k)
      if (law[k] > 0) follow(path, {circle, 0, static_cast<std::int64_t>(k + 1), 0, visit}, weight * law[k], use);
  }
  void follow(Path& path, Place place, double weight, std::function<void(Path const&, double)> const& use) const {
    auto const before = path.size();
    auto const period = process_.period[static_cast<std::size_t>(place.circle)];
    while (path.size() < steps_ && place.to_come > 0) {
      path.push_back(place);
      if (++place.step == period) place.step = 0, --place.to_come, ++place.elapsed;
    }
    if (path.size() == steps_) use(path, weight);
    else
      for (std::int64_t next = 0; next < process_.circles; ++next) {
        auto const p = process_.transition_matrix[static_cast<std::size_t>(place.circle * process_.circles + next)];
        if (p > 0) enter(path, next, place.visit + (next == place.circle ? 0 : 1), weight * p, use);
      }
    path.resize(before);
  }

  series::Process const& process_;
  std::size_t steps_;
  bool known_;
  std::vector<std::vector<double>> dwell_;
};

inline std::vector<double> mean_at(series::Process const& process, Place const& place) {
  auto const c = static_cast<std::size_t>(place.circle);
  auto const angle = process.entry_angle[c] +
                     static_cast<double>(place.step) * 2 * std::numbers::pi / static_cast<double>(process.period[c]);
  std::vector<double> mean;
  for (std::size_t i = 0; i < static_cast<std::size_t>(process.channels); ++i)
    mean.push_back(process.radius[c] * (std::cos(angle) * process.axis(place.circle, 0)[i] +
                                        std::sin(angle) * process.axis(place.circle, 1)[i]));
  return mean;
}

/// p(x_0 .. x_t | path), up to a constant.
inline double likelihood(series::Process const& process, Path const& path, std::vector<double> const& x,
                         std::size_t t) {
  double log_p = 0;
  for (std::size_t s = 0; s <= t; ++s) {
    auto const mean = mean_at(process, path[s]);
    for (std::size_t i = 0; i < mean.size(); ++i) {
      double const z = (x[s * mean.size() + i] - mean[i]) / process.noise_std;
      log_p -= 0.5 * z * z;
    }
  }
  return std::exp(log_p);
}

}  // namespace mambasynth::tests
