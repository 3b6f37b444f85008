#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstring>
#include <fstream>

#include "errors/errors.hpp"
#include "series/load.hpp"
#include "series/write_files.hpp"
#include "store/archive/npz.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::series;

namespace {
config::Data small() {
  config::Data data;
  data.n_steps = 20000;  // more than one block
  return data;
}
}  // namespace

TEST_CASE("both files hold the generated series, for any number of threads") {
  auto const data = small();
  auto const expected = generate(data);
  for (int const threads : {1, 2}) {
    tests::TemporaryFolder folder;
    auto const digest = write_series(data, folder.path(), {.formats = {}, .threads = threads});
    CHECK(digest.visits().size() > 40);
    for (char const* name : {"series.h5", "data.npz", ""}) {
      CAPTURE(threads, name);
      auto const [series, source] = load(folder.path() / name);
      CHECK(series.n_steps == data.n_steps);
      CHECK(series.x == expected.x);
      CHECK(series.circle == expected.circle);
      CHECK(series.phase == expected.phase);
      CHECK(series.process.transition_matrix == expected.process.transition_matrix);
      CHECK(source.generated);
      CHECK(source.reason.empty());
      CHECK(source.data.n_steps == data.n_steps);
      auto const training = load_for_training(folder.path() / name);
      CHECK(training.x == to_float32(expected.x));
      CHECK(training.circle == expected.circle);
      CHECK(training.source.sha256 == source.sha256);
    }
  }
}

TEST_CASE("a part of a series is read across blocks, and the whole series is checked") {
  auto const data = small();
  auto const expected = generate(data);
  tests::TemporaryFolder folder;
  write_series(data, folder.path(), {});
  auto const whole = load_for_training(folder.path());
  for (auto const& [first, last] : {std::pair{8000, 8400}, {0, 20000}, {19999, 20000}, {16384, 16384}}) {
    CAPTURE(first, last);
    auto const wanted = [&](std::int64_t n_steps) {
      CHECK(n_steps == 20000);
      return std::pair<std::int64_t, std::int64_t>(first, last);
    };
    for (auto const& part : {load_part(folder.path() / "series.h5", wanted),
                             load_part(folder.path() / "data.npz", wanted), generate_part(data, wanted)}) {
      CHECK(part.n_steps == 20000);
      CHECK(part.first == first);
      CHECK(part.x == std::vector<double>(expected.x.begin() + first * 20, expected.x.begin() + last * 20));
      CHECK(part.circle == std::vector<std::int64_t>(expected.circle.begin() + first, expected.circle.begin() + last));
      CHECK(part.source.generated);
      if (!part.source.file.empty()) CHECK(part.source.sha256 == whole.source.sha256);
    }
  }
}

TEST_CASE("series.h5 has the contract's layout") {
  tests::TemporaryFolder folder;
  auto data = small();
  data.n_steps = 300;
  data.path_seed = 8;
  write_series(data, folder.path(), {.formats = {.h5 = true, .npz = false}});
  CHECK_FALSE(std::filesystem::exists(folder.path() / "data.npz"));
  store::Hdf5Reader const file(folder.path() / "series.h5");
  using Shape = std::vector<std::int64_t>;
  CHECK(file.shape("/x") == Shape{300, 20});
  CHECK(file.shape("/circle") == Shape{300});
  CHECK(file.shape("/phase") == Shape{300});
  CHECK(file.shape("/transition_matrix") == Shape{10, 10});
  CHECK(file.shape("/plane") == Shape{10, 2, 20});
  for (char const* name : {"/radius", "/entry_angle", "/period"}) CHECK(file.shape(name) == Shape{10});
  CHECK(file.integer_attribute("/", "schema_version") == schema_version);
  CHECK(file.number_attribute("/", "noise_std") == 2.83);
  CHECK(file.integer_attribute("/", "path_seed") == 8);
  CHECK_FALSE(file.has_attribute("/", "test_path_seed"));
  CHECK(file.text_attribute("/", "configuration").starts_with("[data]\n"));
  CHECK(file.text_attribute("/phase", "units") == "rad");
  CHECK(file.read<std::int64_t>("/time").back() == 299);
  CHECK(file.read<double>("/plane") == make_process(data).plane);
}

TEST_CASE("the reference data.npz is recognized as generated") {
  auto const file = tests::reference_file("data.npz");
  if (file.empty()) SKIP("no reference data.npz");
  auto const training = load_for_training(file.parent_path());
  CHECK(training.source.generated);
  CHECK(training.source.file == file);
  CHECK(training.n_steps == 100000);
  CHECK(training.channels == 20);
}

TEST_CASE("data.npz without its config.json, or with a different one, is foreign") {
  tests::TemporaryFolder folder;
  write_series(small(), folder.path(), {.formats = {.h5 = false, .npz = true}});
  auto const npz = folder.path() / "data.npz";
  auto const json = folder.path() / "config.json";
  auto const intact = store::read_text(json);

  SECTION("missing") {
    std::filesystem::remove(json);
    auto const source = load(npz).source;
    CHECK_FALSE(source.generated);
    CHECK(source.reason == json.string() + " is missing");
    CHECK(source.sha256.size() == 64);
  }
  SECTION("another seed") {
    auto text = intact;
    text.replace(text.find("\"seed\": 42"), 10, "\"seed\": 43");
    std::ofstream(json) << text;
    auto const source = load(npz).source;
    CHECK_FALSE(source.generated);
    CHECK(source.reason.find("generates another series (they differ first at step 0)") != std::string::npos);
  }
  SECTION("another length") {
    auto text = intact;
    text.replace(text.find("20000"), 5, "20001");
    std::ofstream(json) << text;
    CHECK(load(npz).source.reason == "its configuration has n_steps = 20001, its arrays 20000");
  }
  SECTION("not JSON") {
    std::ofstream(json) << "{";
    CHECK(load(npz).source.reason.find("not a JSON object") != std::string::npos);
  }
}

TEST_CASE("a single changed value makes a series foreign and is located") {
  tests::TemporaryFolder folder;
  auto const data = small();
  write_series(data, folder.path(), {.formats = {.h5 = false, .npz = true}});
  auto series = generate(data);
  series.x[20 * 12345 + 7] += 1e-3;
  store::NpzWriter npz(folder.path() / "data.npz");
  npz.add("X", series.x, {series.n_steps, 20});
  npz.add("states", series.circle, {series.n_steps});
  npz.close();
  auto const source = load(folder.path()).source;
  CHECK_FALSE(source.generated);
  CHECK(source.reason.find("step 12345)") != std::string::npos);
}

TEST_CASE("foreign X alone can be read; its hash is that of its float32 values") {
  tests::TemporaryFolder folder;
  std::vector<double> const x{1, 2, 3, 4, 5, 6};
  store::NpzWriter npz(folder.path() / "data.npz");
  npz.add("X", x, {3, 2});
  npz.close();
  auto const [series, source] = load(folder.path());
  CHECK(series.n_steps == 3);
  CHECK(series.channels() == 2);
  CHECK(series.circle.empty());
  CHECK(source.sha256 == "24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202");
}

TEST_CASE("arrays that cover fewer circles than a foreign file visits are dropped; a period of 0 steps is rejected") {
  tests::TemporaryFolder folder;
  auto const write = [&](std::vector<std::int64_t> const& periods) {
    store::NpzWriter npz(folder.path() / "data.npz");
    npz.add("X", std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}, {4, 2});
    npz.add("states", std::vector<std::int64_t>{0, 1, 2, 3}, {4});
    npz.add("periods", periods, {static_cast<std::int64_t>(periods.size())});
    npz.close();
  };
  write({5, 6, 7});
  CHECK(load(folder.path()).series.process.period.empty());
  CHECK(load(folder.path()).series.process.circles == 4);
  write({5, 6, 7, 8});
  CHECK(load(folder.path()).series.process.period == std::vector<std::int64_t>{5, 6, 7, 8});
  CHECK(load_for_training(folder.path()).process.period == std::vector<std::int64_t>{5, 6, 7, 8});
  write({5, 6, 0, 8});
  CHECK_THROWS_WITH(load(folder.path()), Catch::Matchers::ContainsSubstring("'periods' holds a period of 0 steps"));
}

TEST_CASE("a folder with two different series is rejected") {
  tests::TemporaryFolder folder;
  auto data = small();
  write_series(data, folder.path(), {.formats = {.h5 = true, .npz = false}});
  data.seed = 1;
  write_series(data, folder.path(), {.formats = {.h5 = false, .npz = true}});
  CHECK_THROWS_AS(load(folder.path()), errors::Error);
  CHECK(load(folder.path() / "series.h5").source.data.seed == 42);
  CHECK(load(folder.path() / "data.npz").source.data.seed == 1);
}

TEST_CASE("npz is rejected for very long series before anything is generated") {
  tests::TemporaryFolder folder;
  config::Data data;
  data.n_steps = npz_most_steps + 1;
  CHECK_FALSE(Formats::by_default(data.n_steps).npz);
  CHECK(Formats::by_default(npz_most_steps).npz);
  CHECK_THROWS_AS(write_series(data, folder.path(), {.formats = {.h5 = true, .npz = true}}), errors::Error);
}

TEST_CASE("the test series for training is the generated one") {
  auto const data = test_series_of(small());
  auto const training = generate_for_training(data);
  CHECK(training.x == to_float32(generate(data).x));
  CHECK(training.source.data.resolved_path_seed() == 43);
}
