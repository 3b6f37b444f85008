#pragma once

#include <string>
#include <vector>

#include "analysis/document/document.hpp"
#include "analysis/report/chapters.hpp"
#include "analysis/report/figures.hpp"

/// The sections of a chapter, one source file each. A section without content has no blocks and no sections.
namespace mambasynth::analysis::report {

/// What a section is made of.
struct Material {
  Chapter const& chapter;
  ChapterFigures const& figures;
  std::vector<std::string> const& command;  ///< of the collator
  statistics::Method interval;
  std::string prefix;  ///< of labels; empty in a report of one chapter

  [[nodiscard]] std::string label(std::string const& of) const { return prefix + of; }
};

document::Section answer_section(Material const& material);
document::Section ran_section(Material const& material);
document::Section loss_section(Material const& material);
document::Section dimension_section(Material const& material);
document::Section probe_section(Material const& material);
document::Section similarity_section(Material const& material);
document::Section difference_section(Material const& material);
document::Section methods_section(Material const& material);
document::Section reproduction_section(Material const& material);
document::Section trials_section(Material const& material);

/// The figures whose name starts so, as blocks.
document::Blocks figures_named(Material const& material, std::string const& name);
void append(document::Blocks& blocks, document::Blocks more);

}  // namespace mambasynth::analysis::report
