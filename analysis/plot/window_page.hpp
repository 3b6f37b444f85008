#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/plot/gnuplot.hpp"
#include "analysis/plot/labels.hpp"
#include "analysis/plot/legend.hpp"
#include "analysis/plot/paper.hpp"

/// One window, step by step: its circles as a strip of colors, its channels as heat maps.
namespace mambasynth::analysis::plot {

/// values (step, channel) as rows of a data file, one for each channel.
std::string heat_rows(std::span<float const> values, std::int64_t channels);
/// Of the finite values; 0 without any.
double largest_magnitude(std::span<float const> values);
/// "[-a:a]" for a color scale with zero in its middle, a = `largest` but at least a millionth of `scale`, the size of
/// what a difference is of; 1 if both are 0.
std::string symmetric_range(double largest, double scale = 0);

/// A row for each visit: first step, end, color, circle, color of the text on it. `circle` (step) covers the steps
/// from `first` on; from its end (from the start if it is empty) to first + steps the strip is gray.
std::string circle_runs(std::span<std::int64_t const> circle, std::int64_t circles, std::int64_t first,
                        std::int64_t steps);

/// A filled sample of a color.
LineStyle block_style(std::string color);
/// An entry for each circle of `shown`, unless they are too many to be told apart; -1: no circle is known.
std::vector<LegendEntry> circle_entries(std::vector<std::int64_t> const& shown, std::int64_t circles);

/// Panels one below the other over steps first .. last - 1, two columns wide.
class WindowPage {
 public:
  /// `sampling_rate`: Hz, for a time axis in seconds; 0: in steps.
  WindowPage(std::int64_t first, std::int64_t last, double sampling_rate = 0)
      : first_(first), last_(last), sampling_rate_(sampling_rate) {}

  /// Circles, from a file of circle_runs(), with numbers where a visit is long enough.
  void strip(std::string const& title, std::string const& runs);
  /// `rows`: a file of `count` rows, as of heat_rows(); `range`: of the colors, "[-1:1]"; `quantity`: above their bar.
  struct Heat {
    std::string title, ylabel, rows;
    std::int64_t count = 0;
    std::string palette, range, quantity;
    std::int64_t from = 0;  ///< the step of the first column, after the page's first
    double height = 28;     ///< of the frame, millimeters
  };
  void heat(Heat const& heat);
  /// `plots`: what follows gnuplot's `plot`; `largest` of what it plots. `key`: names of the lines and their styles,
  /// beside the panel.
  struct Lines {
    std::string title, ylabel, plots;
    double largest = 0;
    std::vector<LegendEntry> key = {};
    double height = 16;
  };
  void lines(Lines const& lines);
  /// The legend of the strip's colors, for circles (or a recording's labels) known from the page's first step on.
  void circles(std::span<std::int64_t const> circle, std::int64_t circles, Labels labels = Labels::circles);
  /// A dashed line through all panels from here on, at a step; `words`: in the legend.
  void border(std::int64_t step, std::string words) { border_ = step, border_words_ = std::move(words); }
  /// Small triangles above the panels from here on, where something happens; `words`: in the legend.
  void events(std::vector<std::int64_t> steps, std::string words = {}) {
    events_ = std::move(steps);
    if (!words.empty()) events_words_ = std::move(words);
  }

  /// Draws all of it as `figure`, with the notes below.
  void draw(Figure& figure, std::vector<std::string> const& notes, std::filesystem::path const& folder);

 private:
  struct Room {
    std::string title, ylabel, commands;
    double height;
    std::string quantity;  ///< of a color bar; empty: none
    std::vector<LegendEntry> key;
    std::optional<std::int64_t> border;
    std::vector<std::int64_t> events;
  };
  [[nodiscard]] std::string commands_of(Room const& room, Paper const& paper, double top, bool lowest,
                                        std::string const& more) const;

  std::int64_t first_, last_;
  double sampling_rate_;
  std::optional<std::int64_t> border_;
  std::string border_words_, events_words_;
  std::vector<std::int64_t> events_;
  std::vector<LegendEntry> entries_;
  Labels labels_ = Labels::circles;
  std::vector<Room> rooms_;
};

}  // namespace mambasynth::analysis::plot
