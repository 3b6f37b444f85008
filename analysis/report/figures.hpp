#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/collate/collation.hpp"
#include "analysis/collate/figures.hpp"

namespace mambasynth::analysis::report {

/// The figures of a chapter, and their folder relative to the report.
struct ChapterFigures {
  std::string folder = {};
  std::vector<collate::DrawnFigure> drawn = {};
  std::vector<std::filesystem::path> files = {};  ///< all of them, inside the report
  bool complete = true;                           ///< false: some could not be drawn
};

/// Draws them into `report`/`inside`. Those that cannot be drawn (no gnuplot) only cause a warning.
ChapterFigures draw_figures(collate::Collation const& collation, std::filesystem::path const& report,
                            std::filesystem::path const& inside);

}  // namespace mambasynth::analysis::report
