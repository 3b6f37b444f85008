#pragma once

#include <string>

namespace mambasynth::progress {

/// "45 s", "12 min", "3 h 05 min", "2 d 4 h".
std::string duration_text(double seconds);

}  // namespace mambasynth::progress
