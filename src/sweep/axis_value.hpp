#pragma once

#include <string>

#include "config/section.hpp"

namespace mambasynth::sweep {

/// The value as its key takes it: a float such as 1e5 becomes an integer for an integer key. Errors: errors::usage if
/// the key does not accept it; types and bounds come from the field list.
config::Given checked(std::string const& key, config::Given value);

/// Errors: errors::usage for a key that cannot be an axis, with the nearest name for an unknown one.
void require_sweepable(std::string const& key, std::string const& origin);

}  // namespace mambasynth::sweep
