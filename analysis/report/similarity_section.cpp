#include "analysis/report/sections.hpp"

namespace mambasynth::analysis::report {

document::Section similarity_section(Material const& material) {
  auto const& collation = material.chapter.collation;
  document::Section section{.title = "Similarity of trials", .label = material.label("similarity")};
  auto table = collate::similarity_table(collation.similarity, collation.table);
  if (!table.columns.empty()) {
    table.label = material.label("similarity");
    section.blocks.emplace_back(std::move(table));
  }
  append(section.blocks, figures_named(material, "sweep_similarity"));
  return section;
}

}  // namespace mambasynth::analysis::report
