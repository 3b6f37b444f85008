#include "support/print_check.hpp"

#include <algorithm>
#include <stdexcept>

#include "analysis/plot/text.hpp"

namespace mambasynth::tests {
namespace {

constexpr double pixels_of_inch = 96, points_of_inch = 72, millimeters_of_inch = 25.4;
constexpr double least_points = 7;

struct Box {
  double left, right, top, bottom;
};

Box box_of(Text const& text) {
  // Of the size: what letters reach above and below the baseline.
  constexpr double ascent = 0.73, descent = 0.21;
  double const points = text.size / pixels_of_inch * points_of_inch;
  double const wide = analysis::plot::text_width(text.words, points) / millimeters_of_inch * pixels_of_inch;
  double const before = text.anchor == "middle" ? wide / 2 : text.anchor == "end" ? wide : 0;
  if (text.upright)
    return {text.at.x - ascent * text.size, text.at.x + descent * text.size, text.at.y + before - wide,
            text.at.y + before};
  return {text.at.x - before, text.at.x - before + wide, text.at.y - ascent * text.size,
          text.at.y + descent * text.size};
}

bool touch(Box const& a, Box const& b) {
  constexpr double slack = 0.5;  // pixels
  return a.left + slack < b.right && b.left + slack < a.right && a.top + slack < b.bottom && b.top + slack < a.bottom;
}

bool holds(Box const& box, Place place) {
  return place.x > box.left && place.x < box.right && place.y > box.top && place.y < box.bottom;
}

}  // namespace

std::vector<std::string> faults_of(Drawing const& drawing) {
  std::vector<std::string> faults;
  std::vector<Box> boxes;
  for (auto const& text : drawing.texts) boxes.push_back(box_of(text));
  constexpr double slack = 0.5;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    auto const& [left, right, top, bottom] = boxes[i];
    auto const& words = drawing.texts[i].words;
    if (left < -slack || right > drawing.width + slack || top < -slack || bottom > drawing.height + slack)
      faults.push_back("off the page: " + words);
    if (drawing.texts[i].size < least_points / points_of_inch * pixels_of_inch - 0.1)
      faults.push_back("too small: " + words);
    for (std::size_t j = 0; j < i; ++j)
      if (touch(boxes[i], boxes[j])) faults.push_back("touch: " + drawing.texts[j].words + " | " + words);
  }
  for (auto const& panel : drawing.panels)
    for (auto const& plot : panel.plots)
      for (auto const& mark : plot.marks) {
        auto const at = std::find_if(boxes.begin(), boxes.end(), [&](Box const& box) { return holds(box, mark.at); });
        if (at == boxes.end()) continue;
        faults.push_back("on points: " + drawing.texts[static_cast<std::size_t>(at - boxes.begin())].words);
        break;
      }
  if (drawing.blank_panels() > 0) faults.emplace_back("blank panels");
  return faults;
}

Drawing read_figure(std::filesystem::path const& file) {
  auto drawing = read_drawing(file);
  auto const faults = faults_of(drawing);
  if (faults.empty()) return drawing;
  std::string all = file.filename().string();
  for (auto const& fault : faults) all += "\n  " + fault;
  throw std::runtime_error(all);
}

}  // namespace mambasynth::tests
