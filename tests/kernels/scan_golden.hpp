#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kernels/scan_case.hpp"
#include "store/archive/npz.hpp"

// golden_selective_scan.npz keeps time last, (b, d, t); the kernels keep channels last, (b, t, d).
namespace mambasynth::tests {

using Arrays = std::map<std::string, store::NpyArray>;

inline std::vector<double> flat(Arrays const& arrays, std::string const& name) { return arrays.at(name).as<double>(); }

inline std::vector<double> time_before_channels(Arrays const& arrays, std::string const& name) {
  auto const& shape = arrays.at(name).shape;
  REQUIRE(shape.size() == 3);
  auto const from = flat(arrays, name);
  std::vector<double> to(from.size());
  auto const batch = shape[0], rows = shape[1], time = shape[2];
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t t = 0; t < time; ++t)
        to[static_cast<std::size_t>((b * time + t) * rows + r)] =
            from[static_cast<std::size_t>((b * rows + r) * time + t)];
  return to;
}

inline ScanCase<double> golden_case(Arrays const& arrays, std::string const& prefix) {
  auto const& u = arrays.at(prefix + "u").shape;
  auto const turned = [&](char const* name) { return time_before_channels(arrays, prefix + name); };
  auto const as_is = [&](char const* name) { return flat(arrays, prefix + name); };
  return {{u.at(0), u.at(2), u.at(1), arrays.at(prefix + "A").shape.at(1)},
          0,
          turned("u"),
          turned("delta"),
          turned("z"),
          turned("B"),
          turned("C"),
          as_is("A"),
          as_is("D"),
          as_is("delta_bias"),
          turned("dout")};
}

/// found: ScanResults or anything with the same arrays.
template <class Results>
void check_golden(Results const& found, Arrays const& arrays, std::string const& prefix, double tolerance) {
  auto const against = [&](char const* name, auto const& values, std::vector<double> const& expected) {
    INFO(prefix << name);
    CHECK(relative_error(values, expected) < tolerance);
  };
  auto const turned = [&](char const* name) { return time_before_channels(arrays, prefix + name); };
  auto const as_is = [&](char const* name) { return flat(arrays, prefix + name); };
  against("out", found.out, turned("out"));
  against("last_state", found.last_state, as_is("last_state"));
  against("du", found.dx, turned("du"));
  against("ddelta", found.ddelta, turned("ddelta"));
  against("dz", found.dz, turned("dz"));
  against("dB", found.dB, turned("dB"));
  against("dC", found.dC, turned("dC"));
  against("dA", found.dA, as_is("dA"));
  against("dD", found.dD, as_is("dD"));
  against("ddelta_bias", found.ddelta_bias, as_is("ddelta_bias"));
}

}  // namespace mambasynth::tests
