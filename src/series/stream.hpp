#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "series/process.hpp"

namespace mambasynth::series {

/// Consecutive steps of a series; valid until the next block is requested.
struct Block {
  std::int64_t first = 0;                ///< step number of the first row
  std::span<double const> x;             ///< (steps, d)
  std::span<std::int64_t const> circle;  ///< (steps)
  std::span<double const> phase;         ///< (steps), wrapped to [0, 2 pi)
  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(circle.size()); }
};

/// Generates the path block by block in constant memory. The draws are sequential; several threads share the
/// trigonometry; the result is bit-identical for any number. A step is x = r (cos(phase) v1 + sin(phase) v2) +
/// noise_std z, plus the circle's center if centers drift: a random walk with independent normal steps of drift_std, of
/// which the steps between two visits are drawn as their sum.
class SeriesStream {
 public:
  static constexpr std::int64_t default_block = 8192;

  explicit SeriesStream(config::Data const& data, int threads = 1, std::int64_t block_steps = default_block);

  /// The next block; empty after the end.
  Block next();
  [[nodiscard]] Process const& process() const { return process_; }
  [[nodiscard]] std::int64_t n_steps() const { return n_steps_; }

 private:
  void start_visit();
  /// Advances the center of `circle` to step `time` and copies it to `place`.
  void drift(std::int64_t circle, std::int64_t time, double* place);
  void render(std::int64_t steps);

  Process process_;
  random::NumpyGenerator generator_, drift_generator_;
  std::vector<double> center_of_circle_;  // (n, d), and the steps that they belong to; empty without a drift
  std::vector<std::int64_t> center_time_;
  std::vector<double> center_;                   // (steps, d) of the block
  std::vector<std::vector<double>> successors_;  // cumulative rows of the transition matrix
  std::int64_t n_steps_;
  std::int64_t done_ = 0;
  std::int64_t circle_now_ = 0;
  std::int64_t visit_length_ = 0;
  std::int64_t visit_done_ = 0;
  int threads_;
  std::vector<double> x_;
  std::vector<std::int64_t> circle_;
  std::vector<std::int64_t> step_of_visit_;
  std::vector<double> phase_;
};

/// Passes every block of the stream to `consume`, in order.
void for_each_block(SeriesStream& stream, std::function<void(Block const&)> const& consume);

}  // namespace mambasynth::series
