#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace mambasynth::analysis::plot {

struct Tick {
  double at;
  std::string label;
};

/// An axis of a panel: its range, and the ticks that have labels.
struct Axis {
  std::string title;  ///< with the unit
  double low = 0, high = 1;
  bool log = false;
  std::vector<Tick> ticks = {};
  /// Where a logarithmic axis draws 0: beyond a break, left of the lowest positive value.
  std::optional<double> zero = {};

  /// Of the way from low to high.
  [[nodiscard]] double share(double value) const;
  [[nodiscard]] bool shows(double value) const;  ///< whether it lies between low and high
};

/// Collects what an axis must show.
class Extent {
 public:
  void add(double value);
  void add(std::vector<double> const& values);
  /// An interval may be cut: one of two values is often ten times as wide as the others.
  void add_interval(double low, double high);

  [[nodiscard]] bool empty() const { return values_.empty(); }
  /// All values, extended by intervals by at most half of their range at each end, but at least so that three quarters
  /// of the intervals fit; with round ticks. Never beyond `least` and `most`, the bounds of the quantity.
  [[nodiscard]] Axis axis(std::string title, bool log = false, double least = -std::numeric_limits<double>::infinity(),
                          double most = std::numeric_limits<double>::infinity()) const;

 private:
  std::vector<double> values_, lows_, highs_;
};

/// From low to high exactly, with round ticks between.
Axis number_axis(std::string title, double low, double high, bool log = false);
/// The same of whole numbers, such as epochs.
Axis whole_axis(std::string title, double low, double high);
/// For values that fall from a high start: shows `least` and the later values; `cut`: the start is above it.
struct LateAxis {
  Axis axis;
  bool cut = false;
};
LateAxis late_axis(std::string title, std::vector<double> values, double least);
/// A tick for each name at 0, 1, ..., with room at both ends.
Axis named_axis(std::string title, std::vector<std::string> const& names);
/// Shortens lines of labels that are wider than `longest` millimeters.
void shorten_labels(Axis& axis, double longest);
/// Takes away labels that would touch others on an axis `width` millimeters long; the first and the last stay.
void thin_labels(Axis& axis, double width);

}  // namespace mambasynth::analysis::plot
