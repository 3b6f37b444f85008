#pragma once

namespace mambasynth::analysis::plot {

/// What the whole number beside each step of a series is: the circle that our generator visits, or a recording's label.
enum class Labels { circles, of_recording };

/// "circle", "label"
inline char const* word_of(Labels labels) { return labels == Labels::circles ? "circle" : "label"; }
/// As a title begins.
inline char const* title_of(Labels labels) { return labels == Labels::circles ? "Circle" : "Label"; }
/// Where there are none: "circles unknown", "no labels".
inline char const* absence_of(Labels labels) { return labels == Labels::circles ? "circles unknown" : "no labels"; }
/// The same, as a title.
inline char const* title_of_absence(Labels labels) {
  return labels == Labels::circles ? "Circles unknown" : "No labels";
}

/// Of such numbers in files, whatever the series.
inline constexpr char const* label_meaning = "label (in a generated series, the circle visited)";

}  // namespace mambasynth::analysis::plot
