#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fstream>
#include <limits>

#include "errors/errors.hpp"
#include "series/load.hpp"
#include "series/write_files.hpp"
#include "store/archive/npz.hpp"
#include "store/hdf5.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::series;
using Catch::Matchers::ContainsSubstring;

namespace {
using Shape = std::vector<std::int64_t>;

void write_x(std::filesystem::path const& file, std::vector<double> const& x, Shape const& shape,
             std::vector<std::int64_t> const& states = {}) {
  store::NpzWriter npz(file);
  npz.add("X", x, shape);
  if (!states.empty()) npz.add("states", states, {static_cast<std::int64_t>(states.size())});
  npz.close();
}

/// The message of the input error that loading throws.
std::string refusal(std::filesystem::path const& path) {
  try {
    load(path);
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::input);
    return error.what();
  }
  FAIL("it was loaded");
  return {};
}
}  // namespace

TEST_CASE("a series that underflows in single precision is rejected") {
  tests::TemporaryFolder folder;
  auto const file = folder.path() / "data.npz";
  write_x(file, {1e-170, -2e-170, 3e-170, 0}, {2, 2});
  CHECK_THAT(refusal(file), ContainsSubstring("X is 3e-170 at most") && ContainsSubstring("Rescale"));
}

TEST_CASE("a missing file and an empty folder are rejected") {
  tests::TemporaryFolder folder;
  CHECK_THAT(refusal(folder.path() / "none.npz"), ContainsSubstring("none.npz") && ContainsSubstring("no such file"));
  CHECK_THAT(refusal(folder.path()), ContainsSubstring("neither series.h5 nor data.npz"));
}

TEST_CASE("files of another kind are rejected") {
  tests::TemporaryFolder folder;
  auto const file = folder.path() / "data.npz";
  std::ofstream(file) << "n_steps,x\n";
  CHECK_THAT(refusal(file), ContainsSubstring("neither HDF5 nor npz"));
  std::ofstream(file, std::ios::trunc).close();
  CHECK_THAT(refusal(file), ContainsSubstring("neither HDF5 nor npz"));
  store::NpzWriter npz(file);
  npz.add("weights", std::vector<double>{1, 2}, {2});
  npz.close();
  CHECK_THAT(refusal(file), ContainsSubstring("no array 'X'") && ContainsSubstring("weights (shape (2))"));
  store::Hdf5Writer h5(folder.path() / "trial.h5");
  h5.scalar("/loss", 1.0);
  h5.close();
  CHECK_THAT(refusal(folder.path() / "trial.h5"), ContainsSubstring("no array '/x'"));
}

TEST_CASE("truncated files are rejected") {
  tests::TemporaryFolder folder;
  config::Data data;
  data.n_steps = 5000;
  write_series(data, folder.path(), {});
  for (char const* name : {"data.npz", "series.h5"}) {
    auto const file = folder.path() / name;
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
    CHECK_THAT(refusal(file), ContainsSubstring(name));
  }
}

TEST_CASE("wrong shapes are rejected") {
  tests::TemporaryFolder folder;
  auto const file = folder.path() / "data.npz";
  write_x(file, {1, 2, 3}, {3});
  CHECK_THAT(refusal(file), ContainsSubstring("'X' has shape (3), not (time, channel)"));
  write_x(file, {1, 2, 3, 4}, {2, 2}, {0, 1, 0});
  CHECK_THAT(refusal(file), ContainsSubstring("'states' has shape (3)"));
}

TEST_CASE("NaN and infinite values are located") {
  tests::TemporaryFolder folder;
  auto const file = folder.path() / "data.npz";
  write_x(file, {1, 2, 3, 4, 5, std::numeric_limits<double>::quiet_NaN()}, {3, 2});
  CHECK_THAT(refusal(file), ContainsSubstring("nan at step 2, channel 1"));
  write_x(file, {1, 2, 3, -std::numeric_limits<double>::infinity(), 5, 6}, {3, 2});
  CHECK_THAT(refusal(file), ContainsSubstring("-inf at step 1, channel 1"));

  std::vector<double> x(20 * 9000, 0.5);
  x[20 * 8500 + 3] = std::numeric_limits<double>::quiet_NaN();
  write_x(file, x, {9000, 20});
  CHECK_THAT(refusal(file), ContainsSubstring("step 8500, channel 3"));
}

TEST_CASE("negative states are located") {
  tests::TemporaryFolder folder;
  auto const file = folder.path() / "data.npz";
  write_x(file, {1, 2, 3, 4}, {2, 2}, {0, -1});
  CHECK_THAT(refusal(file), ContainsSubstring("the state is -1 at step 1"));
}
