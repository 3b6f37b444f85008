#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/collate/collation.hpp"

namespace mambasynth::analysis::report {

/// A figure in the report's folder.
struct DrawnFigure {
  std::string name;  ///< sweep_dimension
  std::string file;  ///< relative to the report: figures/sweep_dimension.svg
  std::string title, caption;
};

/// Draws the figures of a chapter into `folder`/`inside`. Those that cannot be drawn (no gnuplot) only cause a warning.
std::vector<DrawnFigure> draw_figures(collate::Collation const& collation, std::filesystem::path const& folder,
                                      std::filesystem::path const& inside);

}  // namespace mambasynth::analysis::report
