#include "analysis/embedding/layout.hpp"

#include <umappp/umappp.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::analysis::embedding {
namespace {

constexpr std::size_t dims = 2;
constexpr float start_extent = 10;
constexpr int epochs_between_looks = 5;

/// umap-learn's default for `n_epochs`.
int epochs_for(std::int64_t points) { return points <= 10000 ? 500 : 200; }

/// Distances in units of the largest (rounded down to a power of two, to stay exact), so that each fits in a float;
/// UMAP does not depend on the unit.
umappp::NeighborList<std::int32_t, float> list_of(neighbors::Neighbors const& neighbors, std::int64_t others) {
  double largest = 0;
  for (std::int64_t i = 0; i < neighbors.points; ++i)
    largest = std::max(largest, neighbors.distances_of(i)[static_cast<std::size_t>(others - 1)]);
  int const exponent = largest > 0 ? std::ilogb(largest) : 0;
  umappp::NeighborList<std::int32_t, float> list(static_cast<std::size_t>(neighbors.points));
  for (std::size_t i = 0; i < list.size(); ++i)
    for (std::size_t j = 0; j < static_cast<std::size_t>(others); ++j) {
      auto const at = i * static_cast<std::size_t>(neighbors.k) + j;
      list[i].emplace_back(neighbors.index[at], static_cast<float>(std::ldexp(neighbors.distance[at], -exponent)));
    }
  return list;
}

/// umap-learn scales each axis of the start to [0, 10]; umappp leaves it between -10 and 10.
void scale_start(std::vector<float>& coordinates) {
  for (std::size_t axis = 0; axis < dims; ++axis) {
    float low = coordinates[axis], high = low;
    for (std::size_t i = axis; i < coordinates.size(); i += dims) {
      low = std::min(low, coordinates[i]);
      high = std::max(high, coordinates[i]);
    }
    if (!(high > low)) continue;
    for (std::size_t i = axis; i < coordinates.size(); i += dims)
      coordinates[i] = start_extent * (coordinates[i] - low) / (high - low);
  }
}

}  // namespace

Umap layout(neighbors::Neighbors const& neighbors, std::int64_t others, UmapOptions const& options) {
  Umap result{.points = neighbors.points,
              .neighbors = others + 1,
              .start = Start::random,
              .coordinates = std::vector<float>(static_cast<std::size_t>(neighbors.points) * dims)};
  umappp::Options chosen;
  chosen.min_dist = options.min_dist;
  chosen.num_epochs = epochs_for(result.points);
  chosen.initialize_seed = chosen.optimize_seed = options.seed;
  chosen.initialize_spectral_jitter = true;
  // More threads would split sums and speed up only the short part: the layout itself is faster on one thread.
  chosen.num_threads = 1;
  // umappp does not report whether the spectral start worked, so it is tried alone first.
  chosen.initialize_random_on_spectral_fail = false;

  auto const list = list_of(neighbors, others);
  auto const start = [&] {
    return umappp::initialize<std::int32_t, float>(list, dims, result.coordinates.data(), chosen);
  };
  auto const at_random = [&] {
    chosen.initialize_method = umappp::InitializeMethod::RANDOM;
    return start();
  };
  auto status = [&] {
    // With fewer points than this, umappp does not compute eigenvectors.
    if (result.points <= static_cast<std::int64_t>(dims) + 2) return at_random();
    try {
      auto spectral = start();
      bool const found =
          std::any_of(result.coordinates.begin(), result.coordinates.end(), [](float c) { return c != 0; });
      if (!found) return at_random();
      result.start = Start::spectral;
      return spectral;
    } catch (std::runtime_error const&) {  // an unlucky starting vector of the eigenvalue iteration
      return at_random();
    }
  }();
  scale_start(result.coordinates);
  progress::Count count(status.num_epochs(), "epoch");
  for (int epoch = status.epoch(); epoch < status.num_epochs();) {
    errors::check_stop();
    auto const until = std::min(epoch + epochs_between_looks, status.num_epochs());
    status.run(result.coordinates.data(), until);
    count.add(until - epoch);
    epoch = until;
  }
  return result;
}

}  // namespace mambasynth::analysis::embedding
