#include <algorithm>
#include <utility>

#include "analysis/collate/cells_table.hpp"
#include "analysis/report/answer.hpp"
#include "analysis/report/long_tables.hpp"
#include "analysis/report/sections.hpp"
#include "analysis/report/wording.hpp"

namespace mambasynth::analysis::report {

void append(document::Blocks& blocks, document::Blocks more) {
  for (auto& block : more) blocks.push_back(std::move(block));
}

document::Blocks figures_named(Material const& material, std::string const& name) {
  document::Blocks blocks;
  for (auto const& figure : material.figures.drawn)
    if (figure.name.starts_with(name))
      blocks.emplace_back(document::Figure{
          .file = material.figures.folder + "/" + figure.name + ".svg",
          .caption = document::Inline{document::emphasis(figure.title + "."), document::plain(" " + figure.caption)},
          .alternative = figure.title,
          .label = material.label(figure.name)});
  return blocks;
}

document::Section answer_section(Material const& material) {
  auto const& collation = material.chapter.collation;
  auto const answer = answer_of(collation);
  document::Section section{.title = "Question and answer", .label = material.label("answer")};
  section.blocks.emplace_back(document::Paragraph{document::Inline{document::emphasis(answer.question)}});
  for (auto const& sentence : answer.sentences) section.blocks.emplace_back(document::Paragraph{sentence});
  auto cells = collate::cells_table(collation.table, collation.differences, collation.measures, {});
  for (auto& column : cells.columns) {
    if (collation.table.axes.end() != std::find(collation.table.axes.begin(), collation.table.axes.end(), column.key))
      column.words = axis_title(column.key);
    column.shows.interval = true;
  }
  cells.label = material.label("cells");
  cells.caption = material.interval == statistics::Method::iqm
                      ? "All cells: interquartile means over seeds with their 95 % confidence intervals."
                      : "All cells: means over seeds with their 95 % confidence intervals.";
  shorten(cells, "table.csv");
  section.blocks.emplace_back(std::move(cells));
  append(section.blocks, figures_named(material, "sweep_summary"));
  return section;
}

}  // namespace mambasynth::analysis::report
