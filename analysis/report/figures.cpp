#include "analysis/report/figures.hpp"

#include <algorithm>
#include <system_error>

#include "errors/errors.hpp"
#include "streams/streams.hpp"

namespace mambasynth::analysis::report {

namespace fs = std::filesystem;

ChapterFigures draw_figures(collate::Collation const& collation, fs::path const& report, fs::path const& inside) {
  ChapterFigures figures{.folder = inside.generic_string()};
  try {
    figures.drawn = collate::draw_sweep(collation.table, collation.sweep, collation.similarity, collation.differences,
                                        report / inside);
    for (auto const& figure : figures.drawn)
      for (auto const& file : figure.files) figures.files.push_back(inside / file);
  } catch (errors::Error const& error) {
    figures.complete = false;
    streams::log("warning: not all figures of the report were drawn: {}\n", error.what());
  }
  // Without gnuplot there are only scripts and data.
  std::erase_if(figures.drawn, [&](auto const& figure) {
    std::error_code ignored;
    return !fs::exists(report / inside / (figure.name + ".svg"), ignored);
  });
  return figures;
}

}  // namespace mambasynth::analysis::report
