#include "analysis/trial_file/trial_file.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>

#include "analysis/collate/trials.hpp"
#include "analysis/trial_file/test_blocks.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "errors/errors.hpp"
#include "store/hdf5.hpp"
#include "store/known_layout.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a trial reads back as it was written") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "trial.h5";
  analysis::trial_file::write_trial(file, trial_of("0123456789ab", 8));
  auto const found = analysis::trial_file::read_trial(file);
  CHECK(found.provenance.state == "done");
  CHECK(found.provenance.trial_id == "0123456789ab");
  CHECK_FALSE(found.provenance.git_dirty);
  CHECK(found.provenance.device == "cpu");
  CHECK(found.provenance.seconds == 100);
  std::map<std::string, double> const measures(found.measures.begin(), found.measures.end());
  CHECK(measures.at("test_mse") == 8);
  CHECK(measures.at("val_mse") == 7);
  CHECK(measures.at("test_mse.h4") == 9);
  CHECK(measures.at("levina_bickel_original.layer_1.k30") == 38);
  CHECK(measures.at("levina_bickel_original.output.k100") == 103);
  CHECK(measures.at("two_nn_ml.input") == 1);
  CHECK(measures.at("gride.output.n2") == 3);
  CHECK(measures.at("participation_ratio.layer_1") == 6);
  CHECK(measures.at("activation_std.input") == 1);
  CHECK(measures.at("untrained.levina_bickel_original.layer_1.k30") == 49);
  CHECK(measures.at("untrained.participation_ratio.output") == 3);
  CHECK(measures.at("shuffled.two_nn_ls.output") == 23);
  CHECK(measures.at("signal.levina_bickel.k100") == 1.5);
  CHECK(measures.at("noise.levina_bickel_original.k10") == 28);
  CHECK(measures.at("noise.two_nn_ml") == 18);
  CHECK_FALSE(measures.contains("bayes_mse.h1"));  // absent until there is an oracle
  CHECK(found.measures.front().first == "train_mse");
  CHECK(found.measures.back().first == "seconds");
}

TEST_CASE("a trial's losses by epoch read back, what no epoch measured as NaN") {
  TemporaryFolder const folder;
  auto trial = trial_of("0123456789ab", 8);
  analysis::trial_file::write_trial(folder.path() / "trial.h5", trial);
  auto const losses = analysis::trial_file::read_history(folder.path() / "trial.h5",
                                                         {"train_mse", "train_eval_mse", "val_mse", "test_mse", "lr"});
  CHECK(losses.epoch == trial.history.epoch);
  CHECK(losses["train_mse"] == trial.history["train_mse"]);
  CHECK(losses["val_mse"] == trial.history["val_mse"]);
  CHECK(losses["lr"] == trial.history["lr"]);
  CHECK((std::isnan(losses["test_mse"][0]) && losses["test_mse"][1] == 8));
  CHECK((losses["train_eval_mse"].size() == 2 && std::isnan(losses["train_eval_mse"][1])));
  trial.history = {};
  analysis::trial_file::write_trial(folder.path() / "none.h5", trial);
  CHECK(analysis::trial_file::read_history(folder.path() / "none.h5", {"val_mse"}).epoch.empty());
}

TEST_CASE("the layout is the contract's") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "trial.h5";
  analysis::trial_file::write_trial(file, trial_of("0123456789ab", 8));
  store::Hdf5Reader const h5(file);
  CHECK(h5.integer_attribute("/", "schema_version") == 1);
  CHECK(h5.shape("/intrinsic_dimension/levina_bickel_original_se") == std::vector<std::int64_t>{3, 3});
  CHECK(h5.shape("/intrinsic_dimension/levina_bickel_se_blocks") == std::vector<std::int64_t>{3, 3});
  CHECK(h5.shape("/control/untrained/intrinsic_dimension/gride") == std::vector<std::int64_t>{3, 2});
  CHECK(h5.shape("/control/noise/intrinsic_dimension/levina_bickel") == std::vector<std::int64_t>{3});
  CHECK(h5.shape("/intrinsic_dimension/gride") == std::vector<std::int64_t>{3, 2});
  CHECK(h5.read_text("/layer") == std::vector<std::string>{"input", "layer_1", "output"});
  CHECK(h5.read<double>("/history/val_mse") == std::vector<double>{9, 8.5});
  CHECK(h5.read<std::int64_t>("/epoch") == std::vector<std::int64_t>{1, 2});
  CHECK(h5.read<std::int64_t>("/history/best") == std::vector<std::int64_t>{1, 1});
  CHECK(h5.text_attribute("/provenance", "configuration") == "[train]\nepochs = 2\n");
  CHECK(h5.integer_attribute("/provenance", "threads") == 1);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "trial.h5.tmp"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a diverged trial without numbers is a whole file") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "trial.h5";
  analysis::trial_file::TrialResult trial;
  trial.provenance = trial_of("0123456789ab", 1).provenance;
  trial.provenance.state = "diverged";
  analysis::trial_file::write_trial(file, trial);
  auto const found = analysis::trial_file::read_trial(file);
  CHECK(found.provenance.state == "diverged");
  CHECK(found.measures.size() == 1);  // seconds
}

TEST_CASE("spectra of layers of different widths share an axis; what was not measured is not listed") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "trial.h5";
  auto trial = trial_of("0123456789ab", 8);
  auto& layers = trial.evaluation.measures.activation;
  layers[0].spectrum = {0.75, 0.25};
  layers[0].components_90 = 2;
  layers[1].spectrum = {0.5, 0.25, 0.25};
  layers[2].spectrum = {1};
  layers[2].participation_ratio_unbiased = 1.5;
  analysis::trial_file::write_trial(file, trial);
  store::Hdf5Reader const h5(file);
  CHECK(h5.read<std::int64_t>("/component") == std::vector<std::int64_t>{1, 2, 3});
  CHECK(h5.shape("/activation/spectrum") == std::vector<std::int64_t>{3, 3});
  auto const spectra = h5.read<double>("/activation/spectrum");
  CHECK(spectra[1] == 0.25);
  CHECK(std::isnan(spectra[2]));
  CHECK(spectra[5] == 0.25);
  auto const found = analysis::trial_file::read_trial(file);
  std::map<std::string, double> const measures(found.measures.begin(), found.measures.end());
  CHECK(measures.at("components_90.input") == 2);
  CHECK(measures.at("participation_ratio_unbiased.output") == 1.5);
  CHECK_FALSE(measures.contains("components_90.layer_1"));
}

TEST_CASE("lengths that do not fit together are a defect, not a file") {
  TemporaryFolder const folder;
  auto trial = trial_of("0123456789ab", 8);
  trial.evaluation.measures.activation.pop_back();
  CHECK_THROWS_AS(analysis::trial_file::write_trial(folder.path() / "trial.h5", trial), std::invalid_argument);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a file that is not a trial is refused by name") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "trial.h5";
  analysis::trial_file::write_trial(file, trial_of("0123456789ab", 8));
  auto const size = std::filesystem::file_size(file);
  SECTION("truncated") {
    std::filesystem::resize_file(file, size / 2);
    CHECK_THROWS_WITH(analysis::trial_file::read_trial(file), ContainsSubstring(file.string()));
  }
  SECTION("another HDF5 file") {
    store::Hdf5Writer h5(file);
    h5.scalar("/x", 1.0);
    h5.close();
    CHECK_THROWS_WITH(analysis::trial_file::read_trial(file), ContainsSubstring("without /provenance"));
  }
  SECTION("a state that is never committed") {
    auto trial = trial_of("0123456789ab", 8);
    trial.provenance.state = "failed";
    analysis::trial_file::write_trial(file, trial);
    CHECK_THROWS_WITH(analysis::trial_file::read_trial(file), ContainsSubstring("its state is 'failed'"));
  }
  SECTION("missing") { CHECK_THROWS_AS(analysis::trial_file::read_trial(folder.path() / "none.h5"), errors::Error); }
}

TEST_CASE("errors of the test series are of its blocks, which read back") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "trial.h5";
  auto trial = trial_of("0123456789ab", 8);
  analysis::trial_file::write_trial(file, trial);
  CHECK(analysis::trial_file::read_excess_by_block(file).excess.empty());

  std::vector<std::int64_t> starts;
  for (std::int64_t start = 0; start < 11 * 400; start += 400) starts.push_back(start);
  auto const blocks = analysis::trial_file::test_blocks(starts, 400);  // three windows make up 1,024 steps
  CHECK(blocks.first == std::vector<std::int64_t>{0, 1200, 2800});
  CHECK(blocks.windows == std::vector<std::int64_t>{3, 4, 4});
  CHECK(analysis::trial_file::test_blocks(std::span(starts).first(5), 400).windows == std::vector<std::int64_t>{5});
  CHECK(analysis::trial_file::test_blocks(starts, 2000).windows.size() == 11);
  CHECK(analysis::trial_file::test_blocks({}, 400).windows.empty());

  std::vector<std::vector<double>> by_window;
  for (double w = 0; w < 11; ++w) by_window.push_back({w, 1});
  auto const means = analysis::trial_file::means_by_block(blocks, by_window);
  CHECK(means == std::vector<double>{1, 4.5, 8.5, 1, 1, 1});
  auto const errors = analysis::trial_file::errors_over_blocks(blocks, means);
  // (3 * (1 - 5))^2 + (4 * (4.5 - 5))^2 + (4 * (8.5 - 5))^2 = 144 + 4 + 196, over 11^2, times 3 / 2.
  CHECK(std::abs(errors[0] - std::sqrt(344.0 / 121 * 1.5)) < 1e-12);
  CHECK(errors[1] == 0);
  CHECK(std::isnan(analysis::trial_file::errors_over_blocks({{0}, {5}}, std::vector<double>{1})[0]));

  trial.horizon.bayes_mse = {6, 7};
  trial.horizon.excess_mse = {5, 1};
  trial.horizon.excess_mse_se = errors;
  trial.horizon.test_blocks = blocks;
  trial.horizon.excess_mse_by_block = means;
  analysis::trial_file::write_trial(file, trial);
  auto const found = analysis::trial_file::read_excess_by_block(file);
  CHECK(found.horizon == std::vector<std::int64_t>{1, 4});
  CHECK(found.blocks.first == blocks.first);
  CHECK(found.blocks.windows == blocks.windows);
  CHECK(found.excess == means);
  auto const measures = analysis::trial_file::read_trial(file).measures;
  CHECK(measures.find("excess_mse_se.h1") == errors[0]);
}

TEST_CASE("trials that differ only in numbers and provenance have one layout, which a reader of many uses") {
  TemporaryFolder const folder;
  auto const named = [&](std::string const& name) { return folder.path() / (name + ".h5"); };
  auto first = trial_of("0123456789ab", 8);
  first.provenance.more[0].second = "[train]\nepochs = 2\nseed = 42\n";
  auto other = trial_of("ba9876543210", 9);
  other.provenance.seconds = 7;
  other.provenance.more[0].second = "[train]\nepochs = 2\nseed = 43\n";
  other.provenance.more[1].second = std::int64_t{4};
  auto undefined = other;
  undefined.evaluation.measures.activation[1].std = std::nan("");
  auto longer = other;
  longer.horizon.horizon = {1, 5};
  analysis::trial_file::write_trial(named("first"), first);
  analysis::trial_file::write_trial(named("other"), other);
  analysis::trial_file::write_trial(named("undefined"), undefined);
  analysis::trial_file::write_trial(named("longer"), longer);

  namespace layout = analysis::trial_file::trial_layout;
  auto const known = store::KnownLayout::of(named("first"), {.numbers = {"/final/test_mse"},
                                                             .scales = {layout::horizon},
                                                             .names = {layout::layer},
                                                             .facts = layout::provenance});
  REQUIRE(known);
  auto const value = [&](std::string const& name) {
    int const descriptor = ::open(named(name).c_str(), O_RDONLY);
    auto const found = known->read(descriptor);
    ::close(descriptor);
    return found ? std::optional(found->numbers) : std::nullopt;
  };
  CHECK(value("other") == std::vector<double>{9});
  CHECK(value("undefined") == std::vector<double>{9});
  CHECK_FALSE(value("longer"));

  analysis::trial_file::TrialReader reader;
  for (auto const* name : {"first", "other", "undefined", "longer", "other", "first"}) {
    auto const found = reader.read(named(name)), expected = analysis::trial_file::read_trial(named(name));
    CHECK(found.provenance.trial_id == expected.provenance.trial_id);
    CHECK(found.provenance.seconds == expected.provenance.seconds);
    CHECK(found.configuration == expected.configuration);
    CHECK(found.facts == expected.facts);
    CHECK(found.measures.names() == expected.measures.names());
    CHECK(std::ranges::equal(found.measures.values(), expected.measures.values()));
  }
}
