#include "analysis/report/report.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>
#include <variant>

#include "analysis/document/latex.hpp"
#include "analysis/document/markdown.hpp"
#include "analysis/document/table_csv.hpp"
#include "analysis/report/own_files.hpp"
#include "analysis/report/page.hpp"
#include "analysis/report/sections.hpp"
#include "analysis/report/wording.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::analysis::report {
namespace {

namespace fs = std::filesystem;

using MakeSection = document::Section (*)(Material const&);
constexpr MakeSection makers[] = {answer_section,       ran_section,        loss_section,       dimension_section,
                                  probe_section,        similarity_section, difference_section, methods_section,
                                  reproduction_section, trials_section};

std::vector<document::Section> sections_of(Material const& material) {
  std::vector<document::Section> sections;
  for (auto const make : makers) {
    auto section = make(material);
    if (!section.blocks.empty() || !section.sections.empty()) sections.push_back(std::move(section));
  }
  return sections;
}

template <class Visit>
void for_each_table(document::Section const& section, Visit const& visit) {
  for (auto const& block : section.blocks)
    if (auto const* table = std::get_if<document::Table>(&block)) visit(*table);
  for (auto const& inner : section.sections) for_each_table(inner, visit);
}

/// A chapter's figures are in a folder of its own, since their names are the same in all chapters.
fs::path figure_folder(std::vector<Chapter> const& chapters, Chapter const& chapter) {
  return chapters.size() == 1 ? fs::path("figures") : fs::path("figures") / chapter.label;
}

void write_tables(document::Document const& document, OwnFiles& files) {
  fs::path const folder = "tables";
  for (auto const& section : document.sections)
    for_each_table(section, [&](document::Table const& table) {
      files.write(folder / (table.label + ".tex"), document::to_latex(document::Block(table)));
      files.write(folder / (table.label + ".csv"), document::to_csv(table));
    });
}

}  // namespace

document::Document document_of(std::vector<Chapter> const& chapters, std::vector<ChapterFigures> const& figures,
                               Request const& request) {
  document::Document document;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < chapters.size(); ++c) {
    auto const& chapter = chapters[c];
    names.push_back(chapter.name);
    bool const only = chapters.size() == 1;
    Material const material{chapter, figures[c], request.command, request.interval, only ? "" : chapter.label + "-"};
    auto sections = sections_of(material);
    if (only) document.sections = std::move(sections);
    else
      document.sections.push_back(
          {.title = chapter.name, .label = chapter.label, .blocks = {}, .sections = std::move(sections)});
  }
  document.title = fmt::format("{} {}", names.size() == 1 ? "Sweep" : "Sweeps", listed(names));
  return document;
}

fs::path write(std::vector<Chapter> const& chapters, Request const& request) {
  store::require_writable_folder(request.folder);
  std::vector<ChapterFigures> figures;
  for (auto const& chapter : chapters)
    figures.push_back(draw_figures(chapter.collation, request.folder, figure_folder(chapters, chapter)));
  auto const document = document_of(chapters, figures, request);
  OwnFiles files(request.folder);
  for (auto const& of_chapter : figures) {
    for (auto const& file : of_chapter.files) files.add(file);
    if (!of_chapter.complete) files.keep_earlier(of_chapter.folder);
  }
  write_tables(document, files);
  files.write("report.md", document::to_markdown(document));
  fs::path const page = "report.html";
  files.write(page, to_page(document, request.folder));
  files.finish();
  return request.folder / page;
}

}  // namespace mambasynth::analysis::report
