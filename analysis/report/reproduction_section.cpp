#include <fmt/format.h>

#include "analysis/collate/mixture.hpp"
#include "analysis/report/provenance.hpp"
#include "analysis/report/sections.hpp"

namespace mambasynth::analysis::report {
namespace {

/// For a POSIX shell.
std::string quoted(std::string const& word) {
  constexpr char const* plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./:,@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (char const c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string command_line(std::vector<std::string> const& command) {
  std::string text;
  for (auto const& word : command) text += (text.empty() ? "" : " ") + quoted(word);
  return text;
}

struct Code {
  std::string commit;
  bool dirty = false, mixed = false;
};

Code code_of(collate::SweepFolder const& sweep) {
  Code code;
  for (auto const& trial : sweep.trials) {
    if (!trial.result) continue;
    auto const& provenance = trial.result->provenance;
    if (code.commit.empty()) code.commit = provenance.git_commit;
    code.mixed = code.mixed || provenance.git_commit != code.commit;
    code.dirty = code.dirty || provenance.git_dirty;
  }
  return code;
}

}  // namespace

document::Section reproduction_section(Material const& material) {
  auto const& chapter = material.chapter;
  document::Section section{.title = "How to reproduce", .label = material.label("reproduce")};
  auto const code = code_of(chapter.collation.sweep);
  auto const folder = chapter.folders.front().string();
  std::string commands;
  if (!code.commit.empty() && code.commit != "unknown")
    commands += fmt::format("git checkout {}\n", quoted(code.commit));
  if (!chapter.sweep_toml.empty())
    commands += fmt::format("mpirun -n RANKS mambasynth sweep sweep.toml --out {}   # below; also {}/sweep.toml\n",
                            quoted(folder), folder);
  commands += command_line(material.command) + "\n";
  section.blocks.emplace_back(document::CodeBlock{.text = commands, .language = "sh"});
  if (!material.figures.drawn.empty())
    section.blocks.emplace_back(document::Paragraph{
        document::Inline{document::plain("The scripts of the figures and the numbers behind them are in "),
                         document::code(material.figures.folder + "/plots"), document::plain("; "),
                         document::code(fmt::format("gnuplot -d {}/plots/{}.gp", material.figures.folder,
                                                    material.figures.drawn.front().name)),
                         document::plain(" draws one again.")}});
  if (code.mixed)
    section.blocks.emplace_back(document::Paragraph{
        "The trials come from several commits, listed under \"What ran\"; the first is named here."});
  if (code.dirty)
    section.blocks.emplace_back(document::Paragraph{
        "The program had uncommitted changes, so the commit alone does not reproduce it bit for bit."});
  document::List hashes;
  for (auto const& version : collate::versions_of(collate::Shared::data, chapter.collation.sweep.trials))
    hashes.items.emplace_back(document::Inline{document::plain("SHA-256 of the data: "), document::code(version.name)});
  if (!hashes.items.empty()) section.blocks.emplace_back(std::move(hashes));
  if (!chapter.sweep_toml.empty()) {
    section.blocks.emplace_back(document::Paragraph{document::Inline{
        document::plain("The sweep as it was resolved, "), document::code("sweep.toml"), document::plain(":")}});
    section.blocks.emplace_back(document::CodeBlock{.text = chapter.sweep_toml, .language = "toml"});
  }
  return section;
}

}  // namespace mambasynth::analysis::report
