#include "analysis/dimension/log_distances.hpp"

#include <omp.h>

#include <cmath>
#include <cstddef>

namespace mambasynth::analysis::dimension {

LogDistances log_distances(neighbors::Neighbors const& neighbors, int threads) {
  LogDistances logs{neighbors.points, neighbors.k, std::vector<double>(neighbors.distance.size()),
                    std::vector<std::int32_t>(static_cast<std::size_t>(neighbors.points))};
  // Below this, waking up threads takes longer than the work (about 5 ms).
  constexpr std::size_t worth_threads = 1 << 20;
#pragma omp parallel for schedule(static) if (logs.value.size() >= worth_threads) \
    num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (std::int64_t i = 0; i < neighbors.points; ++i) {
    auto const distance = neighbors.distances_of(i);
    auto* const log = logs.value.data() + i * neighbors.k;
    std::int32_t zeros = 0;
    for (std::size_t j = 0; j < distance.size(); ++j) {
      zeros += distance[j] == 0;
      log[j] = std::log(distance[j]);
    }
    logs.zeros[static_cast<std::size_t>(i)] = zeros;
  }
  return logs;
}

}  // namespace mambasynth::analysis::dimension
