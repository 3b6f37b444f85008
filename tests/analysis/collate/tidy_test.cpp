#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <charconv>

#include "analysis/collate/program.hpp"
#include "store/hdf5.hpp"

// trials.csv, tidy.csv, and tidy.h5, as the program writes them.

using namespace mambasynth;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

namespace {

using Records = std::vector<store::csv::Record>;

Records records(fs::path const& file) { return store::csv::parse(store::read_text(file), file.string()); }

std::map<std::string, std::string> row_of(Records const& all, std::size_t row) {
  std::map<std::string, std::string> fields;
  for (std::size_t c = 0; c < all.at(row).size(); ++c) fields[all[0].at(c)] = all[row][c];
  return fields;
}

/// A column of /tidy as text; NaN is empty.
std::vector<std::string> column(store::Hdf5Reader const& h5, std::string const& name) {
  auto const path = "/tidy/" + name;
  if (!h5.describe(path).unusable.empty()) return h5.read_text(path);
  std::vector<std::string> texts;
  for (auto const value : h5.read<double>(path)) texts.push_back(store::csv::number(value));
  return texts;
}

bool same(std::string const& a, std::string const& b) {
  if (a == b) return true;
  double x = 0, y = 0;
  auto const number = [](std::string const& text, double& value) {
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
  };
  return number(a, x) && number(b, y) && x == y;
}

/// tidy.h5 holds what tidy.csv holds.
void check_same(fs::path const& folder) {
  auto const csv = records(folder / "tidy.csv");
  store::Hdf5Reader const h5(folder / "tidy.h5");
  CHECK(h5.integer_attribute("/", "schema_version") == 1);
  for (std::size_t c = 0; c < csv[0].size(); ++c) {
    auto const values = column(h5, csv[0][c]);
    INFO(csv[0][c]);
    REQUIRE(values.size() == csv.size() - 1);
    CHECK(std::all_of(values.begin(), values.end(),
                      [&, r = std::size_t{0}](auto const& value) mutable { return same(csv[++r].at(c), value); }));
  }
  CHECK(h5.read<std::int64_t>("/row").size() == csv.size() - 1);
}

}  // namespace

TEST_CASE_METHOD(Fixture, "trials.csv has a row for each planned trial, tidy.csv one for each result and measure") {
  auto const measured_in_bf16 = "[train]\nepochs = 2\nprecision = \"bf16\"\n";
  auto done = trial_of("a1", 8);
  done.provenance.more.front().second = measured_in_bf16;
  sweep.commit(done);
  auto diverged = trial_of("a3", 1e30);
  diverged.provenance.state = "diverged";
  diverged.horizon.test_mse[0] = std::numeric_limits<double>::infinity();
  diverged.provenance.more.emplace_back("host", "node \"7\", rack 2");
  diverged.provenance.more.front().second = measured_in_bf16;
  sweep.commit(diverged);
  write_text(sweep.trial("b1") / "failure.json",
             R"({"state": "timed_out", "reason": "no word for 120 s, \"rank 3\""})");
  CHECK(collate(dir.string()).code == 4);

  auto const trials = records(dir / "trials.csv");
  REQUIRE(trials.size() == 7);
  CHECK(std::vector(trials[0].begin(), trials[0].begin() + 5) ==
        std::vector<std::string>{"trial", "train.gate_lr_factor", "seed", "state", "train_mse"});
  auto const seconds = std::find(trials[0].begin(), trials[0].end(), "seconds");
  CHECK(std::vector(seconds, seconds + 8) == std::vector<std::string>{"seconds", "reason", "folder", "precision",
                                                                      "device", "git_commit", "git_dirty",
                                                                      "data_hash"});
  auto const a1 = row_of(trials, 1), a2 = row_of(trials, 2), a3 = row_of(trials, 3), b1 = row_of(trials, 4);
  CHECK(a1.at("trial") == "a1");
  CHECK(a1.at("train.gate_lr_factor") == "0.0");
  CHECK(a1.at("seed") == "42");
  CHECK(a1.at("state") == "done");
  CHECK(a1.at("test_mse") == "8");
  CHECK(a1.at("levina_bickel_original.layer_1.k30") == "38");
  CHECK(a1.at("untrained.gride.output.n2") == "20");
  CHECK(a1.at("seconds") == "100");
  CHECK(a1.at("device") == "cpu");
  CHECK(a1.at("threads") == "1");
  CHECK(a1.at("host") == "");
  CHECK(a1.at("folder") == dir.string());
  CHECK(a2.at("state") == "waiting");
  CHECK(a2.at("test_mse") == "");
  CHECK(a2.at("device") == "");
  CHECK(a3.at("state") == "diverged");
  CHECK(a3.at("test_mse.h1") == "");
  CHECK(a3.at("host") == "node \"7\", rack 2");
  CHECK(a3.at("precision") == "bf16");
  CHECK(b1.at("state") == "timed_out");
  CHECK(b1.at("reason") == "timed_out: no word for 120 s, \"rank 3\"");

  auto const tidy = records(dir / "tidy.csv");
  CHECK(tidy[0] == store::csv::Record{"trial", "train.gate_lr_factor", "seed", "state", "measure", "layer", "horizon",
                                      "k", "target", "value", "unit", "estimator", "n1", "control", "better", "name"});
  auto const measures = static_cast<std::size_t>(seconds - trials[0].begin()) + 1 - 4;
  CHECK(tidy.size() == 1 + 2 * measures);  // of a1 and a3
  std::map<std::string, std::map<std::string, std::string>> of_a1;
  for (std::size_t r = 1; r <= measures; ++r) {
    auto row = row_of(tidy, r);
    CHECK(row.at("trial") == "a1");
    CHECK(row.at("value") == a1.at(row.at("name")));
    of_a1[row.at("name")] = std::move(row);
  }
  CHECK(of_a1.size() == measures);
  auto const& dimension = of_a1.at("untrained.levina_bickel.layer_1.k30");
  CHECK(dimension.at("measure") == "untrained.levina_bickel");
  CHECK(dimension.at("layer") == "layer_1");
  CHECK(dimension.at("k") == "30");
  CHECK(dimension.at("horizon") == "");
  CHECK(dimension.at("estimator") == "levina_bickel");
  CHECK(dimension.at("control") == "untrained");
  CHECK(dimension.at("better") == "");
  CHECK(of_a1.at("test_mse.h4").at("horizon") == "4");
  CHECK(of_a1.at("test_mse.h4").at("better") == "lower");
  CHECK(of_a1.at("gride.output.n2").at("n1") == "2");
  CHECK(of_a1.at("seconds").at("unit") == "s");
  check_same(dir);
}

TEST_CASE_METHOD(Fixture, "any text survives in trials.csv, tidy.csv, and tidy.h5") {
  std::string const hostile[] = {"a \"quoted\", b",
                                 "<script>alert('x')</script>",
                                 "two\nlines",
                                 "| pipes | _under_ `",
                                 std::string(200, 'w'),
                                 "=1+1",
                                 "naïve Δ, µ",
                                 " spaces ",
                                 "'",
                                 "1e999"};
  std::string plan = "id,\"data.path, \"\"of\"\" | <b>\",seed,cost\n";
  for (std::size_t i = 0; i < std::size(hostile); ++i) {
    auto const id = "id_" + std::to_string(i);
    plan += store::csv::line({id, hostile[i], std::to_string(i), "1"}) + "\n";
    sweep.commit(id, 8);
  }
  write_text(dir / "plan.csv", plan);
  auto const ran = collate(dir.string());
  CHECK(ran.code == 0);
  auto const trials = records(dir / "trials.csv"), tidy = records(dir / "tidy.csv");
  REQUIRE(trials.size() == 1 + std::size(hostile));
  CHECK(trials[0][1] == "data.path, \"of\" | <b>");
  for (std::size_t i = 0; i < std::size(hostile); ++i) CHECK(trials[i + 1][1] == hostile[i]);
  CHECK(std::all_of(tidy.begin(), tidy.end(), [&](auto const& row) { return row.size() == tidy[0].size(); }));
  check_same(dir);
}

TEST_CASE_METHOD(Fixture,
                 "without results, tidy.csv is its header and a sweep of one trial has no second column trial") {
  CHECK(collate(dir.string()).code == 3);
  CHECK(records(dir / "tidy.csv").size() == 1);
  CHECK(records(dir / "trials.csv").size() == 7);
  check_same(dir);
  auto const one = root.path() / "one";
  analysis::trial_file::write_trial(one / "trial.h5", trial_of("0123456789ab", 8));
  CHECK(collate(one.string()).code == 0);
  auto const header = records(one / "tidy.csv")[0];
  CHECK(std::vector(header.begin(), header.begin() + 3) == std::vector<std::string>{"trial", "seed", "state"});
  check_same(one);
}

TEST_CASE_METHOD(Fixture, "precision and CPU threads that no axis changes are refused unless asked for") {
  sweep.complete();
  auto other = trial_of("b2", 7);
  SECTION("precision") {
    for (auto const* id : {"a1", "a2", "a3", "b1", "b2", "b3"}) {
      auto trial = trial_of(id, 8);
      trial.provenance.device = "cuda";
      trial.provenance.more.front().second =
          std::string("[train]\nprecision = \"") + (id[0] == 'a' ? "bf16" : "fp32") + "\"\n";
      sweep.commit(trial);
    }
    auto const refused = collate(dir.string());
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err,
               ContainsSubstring("2 precisions in one table (bf16 in trials a1, a2, a3; fp32 in trials b1") &&
                   ContainsSubstring("--allow-mixed precision"));
    CHECK(collate("--allow-mixed code,data,device,threads " + dir.string()).code == 2);
    auto const allowed = collate("--allow-mixed precision " + dir.string());
    CHECK(allowed.code == 0);
    CHECK(table(dir).at(0).at("train.precision") == "bf16");  // still not averaged
    // An axis over it is not a mixture.
    write_text(dir / "plan.csv",
               "id,train.precision,seed,cost\na1,bf16,42,1\na2,bf16,43,1\na3,bf16,44,1\n"
               "b1,fp32,42,2\nb2,fp32,43,2\nb3,fp32,44,2\n");
    CHECK(collate(dir.string()).code == 0);
  }
  SECTION("threads") {
    other.provenance.more[1].second = std::int64_t{8};
    sweep.commit(other);
    auto const refused = collate(dir.string());
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err,
               ContainsSubstring("2 numbers of CPU threads in one table") && ContainsSubstring("8 in trial b2"));
    CHECK(collate("--allow-mixed threads " + dir.string()).code == 0);
  }
  SECTION("threads beside a GPU change nothing") {
    for (auto const* id : {"a1", "a2", "a3", "b1", "b2", "b3"}) {
      auto trial = trial_of(id, 8);
      trial.provenance.device = "cuda";
      trial.provenance.more[1].second = std::int64_t{id[1] - '0'};
      sweep.commit(trial);
    }
    CHECK(collate(dir.string()).code == 0);
  }
}
