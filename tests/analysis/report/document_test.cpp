#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/document/markdown.hpp"
#include "analysis/report/made_up_chapter.hpp"
#include "analysis/report/report.hpp"
#include "support/reference.hpp"

using namespace mambasynth::analysis;
using namespace mambasynth::analysis::report;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr char const* factor = "train.gate_lr_factor";

MadeUpSweep small_sweep(std::filesystem::path const& folder) {
  MadeUpSweep made_up({factor});
  made_up.folder(folder, "[sweep]\nbaseline = { \"train.gate_lr_factor\" = 1 }\n");
  for (int seed = 0; seed < 3; ++seed)
    for (auto const& [value, off] : {std::pair{"0", 1.0}, {"0.1", 0.5}, {"1", 0.0}})
      made_up.done({{factor, value}}, seed,
                   {{"test_mse", 8 + off + 0.125 * seed},
                    {"excess_mse.h1", off + 0.125 * seed * off},
                    {"levina_bickel_original.layer_1.k30", 5 - off},
                    {"seconds", 10}});
  made_up.failed({{factor, "0"}}, 3);
  return made_up;
}

template <class Visit>
void visit_sections(std::vector<document::Section> const& sections, Visit const& visit) {
  for (auto const& section : sections) {
    visit(section);
    visit_sections(section.sections, visit);
  }
}

std::vector<std::string> titles(std::vector<document::Section> const& sections) {
  std::vector<std::string> found;
  for (auto const& section : sections) found.push_back(section.title.text());
  return found;
}

/// The labels of sections, tables, and figures, by kind.
std::vector<std::string> labels(document::Document const& document) {
  std::vector<std::string> found;
  visit_sections(document.sections, [&](document::Section const& section) {
    found.push_back("section " + section.label);
    for (auto const& block : section.blocks) {
      if (auto const* table = std::get_if<document::Table>(&block)) found.push_back("table " + table->label);
      if (auto const* figure = std::get_if<document::Figure>(&block)) found.push_back("figure " + figure->label);
    }
  });
  return found;
}

document::Table const& table_of(document::Document const& document, char const* label) {
  document::Table const* found = nullptr;
  visit_sections(document.sections, [&](document::Section const& section) {
    for (auto const& block : section.blocks)
      if (auto const* table = std::get_if<document::Table>(&block); table && table->label == label) found = table;
  });
  REQUIRE(found);
  return *found;
}

}  // namespace

TEST_CASE("a report of one sweep has its sections at the top, without those that it has no numbers for") {
  TemporaryFolder const root;
  auto const document = document_of({chapter_of(small_sweep(root.path()))}, {{}}, {});
  CHECK(document.title.text() == "Sweep made up");
  CHECK(titles(document.sections) ==
        std::vector<std::string>{"Question and answer", "What ran", "Losses and excess over the Bayes optimum",
                                 "Intrinsic dimension by layer", "Differences to the baseline and dose response",
                                 "Methods", "How to reproduce", "All trials"});
}

TEST_CASE("a report of several sweeps has a chapter for each, and no label twice") {
  TemporaryFolder const root;
  auto const sweep = small_sweep(root.path());
  ChapterFigures const figures{"figures/a", {{"sweep_summary", "Errors", "By factor."}}};
  auto const document =
      document_of({chapter_of(sweep, "first", "a"), chapter_of(sweep, "second", "b")}, {figures, figures}, {});
  CHECK(document.title.text() == "Sweeps first and second");
  CHECK(titles(document.sections) == std::vector<std::string>{"first", "second"});
  auto const all = labels(document);
  CHECK(std::find(all.begin(), all.end(), "figure b-sweep_summary") != all.end());
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == all.size());
  CHECK(std::none_of(all.begin(), all.end(), [](auto const& label) { return label.ends_with(' '); }));
}

TEST_CASE("trials that are not done are listed with their reasons") {
  TemporaryFolder const root;
  auto const document = document_of({chapter_of(small_sweep(root.path()))}, {{}}, {});
  auto const& lost = table_of(document, "lost");
  REQUIRE(lost.rows.size() == 1);
  CHECK(std::get<std::string>(lost.rows[0][1].value) == "gate_lr_factor = 0");
  CHECK(std::get<std::string>(lost.rows[0][3].value) == "failed");
  CHECK(table_of(document, "trials").rows.size() == 10);
}

TEST_CASE("the time on GPUs counts a shared GPU once") {
  TemporaryFolder const root;
  auto chapter = chapter_of(small_sweep(root.path()));
  for (auto& trial : chapter.collation.sweep.trials)
    if (trial.result) {
      trial.result->provenance.device = "cuda";
      trial.result->provenance.seconds = 3600;
      trial.result->facts = {
          {"gpu_seconds", "3600"}, {"start", "2026-01-01T00:00:00Z"}, {"end", "2026-01-01T01:00:00Z"}};
    }
  chapter.trials_per_gpu = 3;
  auto const document = document_of({chapter}, {{}}, {});
  std::map<std::string, std::string> facts;
  for (auto const& row : table_of(document, "ran").rows)
    facts[std::get<std::string>(row[0].value)] = std::get<std::string>(row[1].value);
  CHECK(facts.at("GPU-hours") == "3 h (3 trials share a GPU; summed over trials, 9 h)");
  CHECK(facts.at("Time of a trial, mean") == "3600 s");
  CHECK(facts.at("Run") == "2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z");
  CHECK(!facts.contains("CPU core-hours"));
}

TEST_CASE("tables of measures have the cells' intervals, and turn when there are many cells") {
  TemporaryFolder const root;
  auto const few = document_of({chapter_of(small_sweep(root.path()))}, {{}}, {});
  auto const& losses = table_of(few, "losses");
  REQUIRE(losses.columns.size() == 4);
  CHECK(losses.columns[2].title == "gate_lr_factor = 0.1");
  REQUIRE(losses.rows.size() == 1);  // test_mse alone was measured
  CHECK(std::get<document::Estimate>(losses.rows[0][1].value).mean == 9.125);

  MadeUpSweep made_up({factor});
  for (int cell = 0; cell < 12; ++cell) made_up.cell({{factor, std::to_string(cell)}}, "test_mse", {1, 2});
  auto const many = document_of({chapter_of(made_up)}, {{}}, {});
  CHECK(table_of(many, "losses").rows.size() == 12);
  CHECK(table_of(many, "losses").columns.size() == 2);
  CHECK(table_of(many, "losses").notes.empty());
}

TEST_CASE("long tables end early, and name the file that has all") {
  MadeUpSweep made_up({factor});
  for (int cell = 0; cell < 201; ++cell) made_up.cell({{factor, std::to_string(cell)}}, "test_mse", {1, 2, 3});
  auto const document = document_of({chapter_of(made_up)}, {{}}, {});
  for (auto const* label : {"cells", "losses"}) {
    auto const& table = table_of(document, label);
    CHECK(table.rows.size() == 200);
    REQUIRE(!table.notes.empty());
    CHECK(table.notes.back().text.text() == "The first 200 of 201 rows; table.csv has all.");
  }
  CHECK(table_of(document, "trials").rows.size() == 500);
  CHECK(table_of(document, "trials").notes.back().text.text() == "The first 500 of 603 rows; trials.csv has all.");
}

TEST_CASE("tables give the units, the intervals of correlations, and no rows without a pair of seeds") {
  TemporaryFolder const root;
  auto made_up = small_sweep(root.path());
  made_up.failed({{factor, "2"}}, 0);
  auto const document = document_of({chapter_of(made_up)}, {{}}, {});
  auto const& differences = table_of(document, "differences");
  CHECK(differences.rows.size() == 8);  // 2 cells, 4 measures
  CHECK(std::get<std::string>(differences.rows[3][1].value) == "Time of the trial (s)");
  CHECK(differences.notes.back().text.text() == "Left out: 4 differences without a pair of seeds.");
  auto const& trends = table_of(document, "trends");
  CHECK(std::get<std::string>(trends.rows[0][1].value) == "Test MSE");
  CHECK(std::get<document::Number>(trends.rows[0][4].value).written == "-1.00 [-1.00, -1.00]");
  auto const& trials = table_of(document, "trials");
  CHECK(std::any_of(trials.columns.begin(), trials.columns.end(),
                    [](auto const& column) { return document::print_heading(column) == "Time of the trial (s)"; }));
}

TEST_CASE("a sweep over a recording claims no process, no optimum, and no control that it does not have") {
  TemporaryFolder const root;
  MadeUpSweep made_up({"model.d_state"});
  made_up.folder(root.path(), "");
  for (auto const* states : {"4", "8"})
    for (int seed = 0; seed < 3; ++seed)
      made_up.done({{"model.d_state", states}}, seed,
                   {{"test_mse", 1 + 0.125 * seed},
                    {"test_mse.h1", 1 + 0.125 * seed},
                    {"levina_bickel_original.layer_1.k30", 5},
                    {"untrained.levina_bickel_original.layer_1.k30", 6},
                    {"noise.levina_bickel_original.k30", 7},
                    {"probe.circle.balanced_accuracy.layer_1", 0.5 + 0.125 * seed}});
  made_up.of_recording();
  auto chapter = chapter_of(made_up);
  for (auto& trial : chapter.collation.sweep.trials)
    trial.configuration = collate::shared_configuration(
                              "[data]\npath = \"recording.npz\"\nstandardise = true\n[model]\n"
                              "max_horizon = 2\n[train]\nwarmup_epochs = 1\n")
                              .configuration;
  auto const text = document::to_markdown(document_of({chapter}, {{}}, {}));
  CHECK_THAT(text, ContainsSubstring("The series was read from recording.npz, and every channel standardized by its "
                                     "training part. A fraction of 0.2 at its end is the test series"));
  CHECK_THAT(text, ContainsSubstring("predicts the series 1 and 2 steps ahead"));
  CHECK_THAT(text, ContainsSubstring("with 1 epoch of warm-up"));
  CHECK_THAT(text, ContainsSubstring("Controls: the same network with its initial weights and pure noise."));
  CHECK_THAT(text, ContainsSubstring("Label probe, balanced accuracy by layer"));
  CHECK_THAT(text, ContainsSubstring("the number of states per channel (d\\_state: 4 and 8)"));
  CHECK_THAT(text, !ContainsSubstring("Bayes") && !ContainsSubstring("ircle") && !ContainsSubstring("(("));
}

TEST_CASE("citations are numbered in their order, and each is in the list") {
  TemporaryFolder const root;
  auto const document = document_of({chapter_of(small_sweep(root.path()))}, {{}}, {});
  auto const methods = std::find_if(document.sections.begin(), document.sections.end(),
                                    [](auto const& s) { return s.label == "methods"; });
  REQUIRE(methods != document.sections.end());
  std::string text;
  for (auto const& block : methods->blocks) text += std::get<document::Paragraph>(block).text.text();
  auto const& list = std::get<document::List>(methods->sections.at(0).blocks.at(0));
  std::size_t last = 0;
  for (std::size_t number = 1; number <= list.items.size(); ++number) {
    auto const at = text.find("[" + std::to_string(number) + "]");
    REQUIRE(at != std::string::npos);
    CHECK(at >= last);
    last = at;
  }
  CHECK(text.find("[" + std::to_string(list.items.size() + 1) + "]") == std::string::npos);
}

TEST_CASE("the commands of a report can be pasted into a shell") {
  TemporaryFolder const root;
  auto chapter = chapter_of(small_sweep(root.path()));
  chapter.folders = {"runs/it's here"};
  chapter.sweep_toml = "[sweep]\nname = \"x\"\n";
  auto const document = document_of(
      {chapter}, {{}}, {.folder = {}, .command = {"mambasynth-collate", "runs/it's here", "--report", "out"}});
  auto const text = document::to_markdown(document);
  CHECK(text.find("mambasynth-collate 'runs/it'\\''s here' --report out\n") != std::string::npos);
  CHECK(text.find("```toml\n[sweep]\nname = \"x\"\n```") != std::string::npos);
}
