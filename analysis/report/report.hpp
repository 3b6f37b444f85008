#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/document/document.hpp"
#include "analysis/report/chapters.hpp"
#include "analysis/report/figures.hpp"

namespace mambasynth::analysis::report {

struct Request {
  std::filesystem::path folder;
  std::vector<std::string> command;  ///< of the collator, to be printed
  statistics::Method interval = statistics::Method::student;
};

/// The document, from what was computed; the figures of each chapter are drawn already.
document::Document document_of(std::vector<Chapter> const& chapters, std::vector<ChapterFigures> const& figures,
                               Request const& request);

/// Draws the figures and writes report.html, report.md, tables/NAME.tex and .csv, and figures/ into the folder, each
/// file complete or not at all, report.html last; removes what an earlier report left there (see OwnFiles). Returns its
/// path. Errors: errors::machine.
std::filesystem::path write(std::vector<Chapter> const& chapters, Request const& request);

}  // namespace mambasynth::analysis::report
