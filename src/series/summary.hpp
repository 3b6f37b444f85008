#pragma once

#include <string>

#include "series/digest.hpp"

namespace mambasynth::series {

/// The text that the original prints about a series: shape, a table of the circles (radius, period, steps, share,
/// visits, mean and population standard deviation of a visit's length), entry angles, transition matrix. Any number of
/// circles.
std::string summary(Digest const& digest);

}  // namespace mambasynth::series
