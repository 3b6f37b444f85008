#include "series/visits.hpp"

namespace mambasynth::series {

std::vector<std::int64_t> steps_in_visit(std::span<std::int64_t const> circle) {
  std::vector<std::int64_t> all(circle.size());
  for (std::size_t t = 1; t < circle.size(); ++t) all[t] = circle[t] == circle[t - 1] ? all[t - 1] + 1 : 0;
  return all;
}

}  // namespace mambasynth::series
