#pragma once

#include <cstdint>
#include <span>
#include <string>

/// One window, step by step: its circles as a strip of colors, its channels as heat maps.
namespace mambasynth::analysis::plot {

/// values (step, channel) as rows of a data file, one for each channel.
std::string heat_rows(std::span<float const> values, std::int64_t channels);
/// Of the finite values; 0 without any.
double largest_magnitude(std::span<float const> values);
/// "[-a:a]" for a color scale with zero in its middle, a = `largest` but at least `floor`.
std::string symmetric_range(double largest, double floor);

/// A row for each visit: first step, end, color, circle, color of the text on it. `circle` (step) covers the steps
/// from `first` on; from its end (from the start if it is empty) to first + steps the strip is gray.
std::string circle_runs(std::span<std::int64_t const> circle, std::int64_t circles, std::int64_t first,
                        std::int64_t steps);

/// Shares of the page width taken by margins and the color scale.
struct PageWidths {
  double left = 0.075, right = 0.89, scale_at = 0.905, scale_width = 0.015;
};

/// gnuplot commands of panels one below the other over steps first .. last - 1 of a page `height` pixels high.
class WindowPage {
 public:
  WindowPage(std::int64_t first, std::int64_t last, int height, PageWidths const& widths = {});

  /// Circles, from a file of circle_runs(), with numbers if a visit is long enough.
  void strip(std::string const& title, std::string const& runs);
  /// `rows`: a file of `count` rows, as of heat_rows(); `range`: of the colors, "[-1:1]"; `pixels` high.
  void heat(std::string const& title, std::string const& ylabel, std::string const& rows, std::int64_t count,
            std::string const& palette, std::string const& range, int pixels, bool lowest = false);
  /// `plots`: what follows gnuplot's `plot`; `largest` of what it plots.
  void lines(std::string const& title, std::string const& ylabel, std::string const& plots, double largest, int pixels,
             bool lowest = false);
  [[nodiscard]] std::string end() const { return text_ + "unset multiplot\n"; }

  /// Pixels that a strip and every other panel take in addition to their own height.
  static constexpr int between = 34, strip_height = 22;

 private:
  void room(std::string const& title, int pixels, bool lowest);
  [[nodiscard]] double at(int pixels) const { return 1.0 - static_cast<double>(pixels) / height_; }

  std::int64_t first_, last_;
  PageWidths widths_;
  int height_, top_ = 0, next_ = 0;
  std::string text_;
};

}  // namespace mambasynth::analysis::plot
