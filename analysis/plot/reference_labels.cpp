#include "analysis/plot/reference_labels.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/plot/text.hpp"

namespace mambasynth::analysis::plot {
namespace {

constexpr double leader = 1.6;  // from the frame to a label, millimeters

/// Where a reference ends, if the axis shows that.
std::optional<double> end_of(Reference const& reference, Axis const& axis) {
  for (auto i = reference.y.size(); i-- > 0;)
    if (std::isfinite(reference.y[i])) return axis.shows(reference.y[i]) ? std::optional(reference.y[i]) : std::nullopt;
  return std::nullopt;
}

std::string off_scale_text(Reference const& reference, Axis const& axis) {
  double low = INFINITY, high = -INFINITY;
  for (double const value : reference.y)
    if (std::isfinite(value) && !axis.shows(value)) low = std::min(low, value), high = std::max(high, value);
  if (low > high) return {};
  // In the decimals that tell values on the axis apart.
  double const unit = std::pow(10.0, std::floor(std::log10((axis.high - axis.low) / 5)));
  auto const rounded = [&](double value) { return number_text(unit * std::round(value / unit)); };
  auto const first = rounded(low), last = rounded(high);
  return fmt::format("{} {}{}", reference.name, first == last ? first : first + "–" + last,
                     low > axis.high   ? " ↑"
                     : high < axis.low ? " ↓"
                                       : "");
}

struct Label {
  std::string words;
  double at;      // where it belongs, from the top of the page
  double middle;  // where it is
};

/// Moves labels apart, within the frame if there is room.
void spread(std::vector<Label>& labels, Frame const& frame) {
  std::sort(labels.begin(), labels.end(), [](Label const& a, Label const& b) { return a.at < b.at; });
  double const first = frame.top + small_height / 2, last = frame.bottom() - small_height / 2;
  for (std::size_t i = 0; i < labels.size(); ++i)
    labels[i].middle = std::max(labels[i].at, i == 0 ? first : labels[i - 1].middle + small_height);
  double most = last;
  for (auto i = labels.size(); i-- > 0; most -= small_height) {
    if (labels[i].middle <= most) break;
    labels[i].middle = most;
  }
}

std::vector<Label> labels_of(Panel const& panel, Frame const& frame) {
  auto const place = [&](double y) { return frame.bottom() - panel.y.share(y) * frame.height; };
  std::vector<Label> labels;
  for (auto const& reference : panel.references)
    if (auto const end = end_of(reference, panel.y)) labels.push_back({reference.name, place(*end), place(*end)});
  for (auto const& remark : panel.remarks) labels.push_back({remark.label, place(remark.at), place(remark.at)});
  return labels;
}

}  // namespace

std::vector<std::string> off_scale_lines(Panel const& panel, double width) {
  std::vector<std::string> texts;
  for (auto const& reference : panel.references)
    if (!end_of(reference, panel.y))
      if (auto text = off_scale_text(reference, panel.y); !text.empty()) texts.push_back(std::move(text));
  if (texts.empty()) return {};
  return wrapped_text(fmt::format("Off scale: {}", fmt::join(texts, "; ")), width, small_points);
}

double right_label_width(Panel const& panel) {
  double widest = 0;
  for (auto const& label : labels_of(panel, {0, 0, 1, 1}))
    widest = std::max(widest, text_width(label.words, small_points));
  return widest > 0 ? widest + leader + 1 : 0;
}

std::string right_label_commands(Panel const& panel, Frame const& frame, Paper const& paper) {
  auto labels = labels_of(panel, frame);
  spread(labels, frame);
  std::string text;
  auto const gray = fmt::format("textcolor rgb \"{}\"", reference_gray);
  for (auto const& label : labels) {
    text += paper.small_text(label.words, frame.right() + leader + 0.3, label.middle, Align::left, gray);
    if (panel.remarks.empty())
      text += paper.line(frame.right(), label.at, frame.right() + leader, label.middle,
                         line_words({.color = reference_gray, .width = thin}));
  }
  return text;
}

}  // namespace mambasynth::analysis::plot
