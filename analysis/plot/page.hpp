#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/plot/legend.hpp"
#include "analysis/plot/panel.hpp"

namespace mambasynth::analysis::plot {

/// Panels in a grid, row by row, with one legend and notes below.
struct Page {
  std::string name;  ///< of the files
  double width = one_column;
  int columns = 1;
  double panel_height = 42;  ///< of each frame
  std::string legend_title = {};
  std::vector<Panel> panels = {};
  std::vector<std::string> notes = {};  ///< what the intervals are, and of how many
  std::vector<LegendEntry> more = {};   ///< entries that no series makes
};

/// Draws NAME.svg, .png and .pdf into `folder`, from NAME.gp and NAME_<part>.dat. Frames in a column have the same
/// edges. A panel above another with the same x axis leaves its labels to that. Draws nothing without panels.
/// Returns what it wrote, as paths inside the folder.
std::vector<std::filesystem::path> draw_page(Page const& page, std::filesystem::path const& folder);

}  // namespace mambasynth::analysis::plot
