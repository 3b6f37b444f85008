#include "progress/duration.hpp"

#include <cmath>

namespace mambasynth::progress {

std::string duration_text(double seconds) {
  if (seconds < 59.5) return std::to_string(std::lround(seconds)) + " s";
  auto const minutes = std::lround(seconds / 60);
  if (minutes < 60) return std::to_string(minutes) + " min";
  if (minutes < 24 * 60)
    return std::to_string(minutes / 60) + " h " + (minutes % 60 < 10 ? "0" : "") + std::to_string(minutes % 60) +
           " min";
  auto const hours = std::lround(seconds / 3600);
  return std::to_string(hours / 24) + " d " + std::to_string(hours % 24) + " h";
}

}  // namespace mambasynth::progress
