#include "analysis/report/chapters.hpp"

#include <catch2/catch_test_macros.hpp>

#include "analysis/report/made_up_chapter.hpp"
#include "support/reference.hpp"

using namespace mambasynth::analysis;
using namespace mambasynth::analysis::report;
using namespace mambasynth::tests;

namespace {

collate::SweepFolder folder_of(std::filesystem::path const& folder, std::string const& toml, std::string const& axis) {
  MadeUpSweep made_up({axis});
  made_up.folder(folder, toml).done({{axis, "1"}}, 0, {{"test_mse", 1}});
  return made_up.sweep();
}

}  // namespace

TEST_CASE("sweeps of different names or axes are chapters, parts of one sweep are one") {
  TemporaryFolder const root;
  auto const chapters = chapters_of(
      {folder_of(root.path() / "a", "[sweep]\nname = \"gate_lr\"\n", "train.gate_lr_factor"),
       folder_of(root.path() / "b", "[sweep]\nname = \"horizons\"\ntrials_per_gpu = 2\n", "model.max_horizon"),
       folder_of(root.path() / "c", "[sweep]\nname = \"gate_lr\"\n", "train.gate_lr_factor"),
       folder_of(root.path() / "d", "[sweep]\nname = \"gate_lr\"\n", "model.d_state")});
  REQUIRE(chapters.size() == 3);
  CHECK(chapters[0].name == "gate_lr");
  CHECK(chapters[0].folders == std::vector{root.path() / "a", root.path() / "c"});
  CHECK(chapters[0].read.size() == 2);
  CHECK(chapters[0].sweep_toml == "[sweep]\nname = \"gate_lr\"\n");
  CHECK(chapters[0].trials_per_gpu == 1);
  CHECK(chapters[1].name == "horizons");
  CHECK(chapters[1].trials_per_gpu == 2);
  // The same name, but another question.
  CHECK(chapters[2].name == "gate_lr");
  CHECK(chapters[2].label == "gate_lr-2");
}

TEST_CASE("labels are names of files, whatever a sweep is called") {
  TemporaryFolder const root;
  auto const chapters =
      chapters_of({folder_of(root.path() / "a", "[sweep]\nname = '../<b>|\"&'\n", "train.lr"),
                   folder_of(root.path() / "b", "[sweep]\nname = \"" + std::string(200, 'x') + "\"\n", "train.lr"),
                   folder_of(root.path() / "c", "not TOML", "train.lr")});
  REQUIRE(chapters.size() == 3);
  CHECK(chapters[0].name == "../<b>|\"&");
  CHECK(chapters[0].label == "b");
  CHECK(chapters[1].label == std::string(40, 'x'));
  CHECK(chapters[2].name == "c");  // the folder's
}
