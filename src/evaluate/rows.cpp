#include "evaluate/rows.hpp"

#include <algorithm>

#include "random/numpy_generator.hpp"
#include "series/digest.hpp"

namespace mambasynth::evaluate {
namespace {

constexpr std::uint64_t row_seed = 42;

/// The midpoints of `count` equal stretches.
std::vector<std::int64_t> evenly_spaced(std::int64_t rows, std::int64_t count) {
  count = std::min(rows, count);
  std::vector<std::int64_t> all(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) all[static_cast<std::size_t>(i)] = (2 * i + 1) * rows / (2 * count);
  return all;
}

}  // namespace

Rows choose_rows(std::int64_t rows, config::Evaluate const& config) {
  random::NumpyGenerator generator(row_seed);
  Rows chosen;
  chosen.embedding = series::steps_to_embed(rows, config.umap_points, generator);
  chosen.original = generator.choice(rows, std::min(config.lb_points, rows));
  if (config.dimension_points > 0) chosen.dimension = generator.choice(rows, std::min(config.dimension_points, rows));
  chosen.probe = evenly_spaced(rows, config.probe_points);
  chosen.similarity = evenly_spaced(rows, config.similarity_points);
  chosen.shared = evenly_spaced(rows, config.shared_points);
  return chosen;
}

}  // namespace mambasynth::evaluate
