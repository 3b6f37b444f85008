#pragma once

#include <cstdint>
#include <vector>

#include "series/stream.hpp"

namespace mambasynth::series {

/// A maximal run of one circle; the last one may be truncated by the end of the series.
struct Visit {
  std::int64_t circle = 0;
  std::int64_t start = 0;
  std::int64_t length = 0;
};

/// An excerpt of a series.
struct Excerpt {
  std::int64_t start = 0;
  std::vector<double> x;             ///< (steps, d)
  std::vector<std::int64_t> circle;  ///< (steps)
  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(circle.size()); }
};

/// Single steps of a series, in time order.
struct Sampled {
  std::vector<std::int64_t> step;
  std::vector<double> x;             ///< (step, d)
  std::vector<std::int64_t> circle;  ///< (step)
};

/// What the summary and the figures need from a series, gathered block by block: its visits, three windows of 3000
/// steps at the start, middle and end (at 0, N/2 - 1500, N - 3000; all of a shorter series), and the steps in
/// `sampled`, ascending.
class Digest {
 public:
  static constexpr std::int64_t window_steps = 3000;

  Digest(Process process, std::int64_t n_steps, std::vector<std::int64_t> sampled = {});
  void add(Block const& block);

  [[nodiscard]] Process const& process() const { return process_; }
  [[nodiscard]] std::int64_t n_steps() const { return n_steps_; }
  [[nodiscard]] std::vector<Visit> const& visits() const { return visits_; }
  [[nodiscard]] std::vector<Excerpt> const& windows() const { return windows_; }
  [[nodiscard]] Sampled const& sampled() const { return sampled_; }

 private:
  Process process_;
  std::int64_t n_steps_;
  std::vector<Visit> visits_;
  std::vector<Excerpt> windows_;
  Sampled sampled_;
};

/// The steps that UMAP embeds: default_rng(seed).choice(n_steps, most) without replacement, sorted; all if there are no
/// more than that.
std::vector<std::int64_t> steps_to_embed(std::int64_t n_steps, std::int64_t most, std::uint64_t seed);
/// The same with a generator that draws more afterwards; draws nothing if all steps are taken.
std::vector<std::int64_t> steps_to_embed(std::int64_t n_steps, std::int64_t most, random::NumpyGenerator& generator);

}  // namespace mambasynth::series
