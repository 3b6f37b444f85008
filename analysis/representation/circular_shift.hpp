#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "random/numpy_generator.hpp"

/// Control targets for probes: the targets themselves, shifted in time against the features. A circular shift keeps
/// their distribution and, except at one seam, all of their dependence in time, which a permutation of rows would
/// destroy (cyclic shift surrogates: Lancaster et al. 2018, Phys. Rep. 748:1, sec. 4; why it matters for two slow
/// series: Harris 2021, bioRxiv 2020.11.29.402719). A strictly periodic target stays in phase with itself for some
/// shifts, so draw several.
namespace mambasynth::analysis::representation {

/// A shift from 1 .. rows - 1, uniform among those at least `least` rows away from 0 in either direction; `least`
/// should exceed the correlation time of the targets. One draw: least + Generator.integers(rows - 2 least + 1), as
/// NumPy makes it. errors::usage if rows are too few for such a shift.
std::int64_t shift_offset(std::int64_t rows, std::int64_t least, random::NumpyGenerator& random);

/// values: (rows, columns); row i of the result is row (i - offset) modulo rows, as numpy.roll(values, offset, axis=0).
template <class T>
std::vector<T> circular_shift(std::span<T const> values, std::int64_t columns, std::int64_t offset);

extern template std::vector<float> circular_shift(std::span<float const>, std::int64_t, std::int64_t);
extern template std::vector<double> circular_shift(std::span<double const>, std::int64_t, std::int64_t);
extern template std::vector<std::int64_t> circular_shift(std::span<std::int64_t const>, std::int64_t, std::int64_t);

}  // namespace mambasynth::analysis::representation
