#include "analysis/collate/data_files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include "analysis/collate/program.hpp"
#include "analysis/collate/tidy.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using namespace mambasynth::analysis::collate;

namespace {

SweepFolder planned(int trials) {
  SweepFolder sweep;
  for (int t = 0; t < trials; ++t) {
    CollatedTrial trial;
    trial.id = fmt::format("{:012x}", t);
    trial.axes = {{"train.gate_lr_factor", t % 2 == 0 ? "0.1" : "1.0"}};
    trial.seed = fmt::format("{}", t / 2);
    sweep.trials.push_back(std::move(trial));
  }
  return sweep;
}

}  // namespace

TEST_CASE("the data of few and of many trials are the same files, whichever process writes them") {
  for (int const trials : {3, 1000}) {
    auto const sweep = planned(trials);
    TemporaryFolder const expected, found;
    write_data_csv(sweep, expected.path());
    write_tidy_hdf5(sweep, expected.path() / "tidy.h5");
    DataFiles(sweep, found.path()).finish();
    for (auto const* name : {"trials.csv", "tidy.csv", "tidy.h5"})
      CHECK(store::read_text(found.path() / name) == store::read_text(expected.path() / name));
    CHECK(store::csv::parse(store::read_text(found.path() / "trials.csv"), "trials.csv").size() ==
          static_cast<std::size_t>(trials) + 1);
  }
}

TEST_CASE("data that another process could not write are reported") {
  TemporaryFolder const dir;
  store::write_atomically(dir.path() / "file", "not a folder");
  for (int const trials : {3, 1000}) {
    auto const sweep = planned(trials);
    DataFiles files(sweep, dir.path() / "file");
    CHECK_THROWS_AS(files.finish(), errors::Error);
  }
}
