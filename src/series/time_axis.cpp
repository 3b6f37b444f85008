#include "series/time_axis.hpp"

#include <fmt/format.h>

#include <vector>

namespace mambasynth::series {

void time_scale(store::Hdf5Writer& h5, std::string const& path, std::int64_t first, std::int64_t count,
                double sampling_rate, std::string const& long_name) {
  auto const named = [&](char const* quantity) { return fmt::format(fmt::runtime(long_name), quantity); };
  if (sampling_rate == 0) return h5.counting_scale(path, first, count, {named("steps"), "step"});
  std::vector<double> seconds;
  for (auto step = first; step < first + count; ++step) seconds.push_back(static_cast<double>(step) / sampling_rate);
  h5.scale<double>(path, seconds, {named("time"), "s"});
}

}  // namespace mambasynth::series
