#include "store/hdf5.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <numeric>

#include "store/atomic_file.hpp"
#include "store/raises.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using tests::message_of;
using Doubles = std::vector<double>;
using Integers = std::vector<std::int64_t>;

namespace {

template <class T>
std::span<T const> view(std::vector<T> const& values) {
  return values;
}

Doubles counted(std::size_t count) {
  Doubles values(count);
  std::iota(values.begin(), values.end(), 0.5);
  return values;
}

void write_example(std::filesystem::path const& path) {
  store::Hdf5Writer file(path);
  file.attribute("/", "schema_version", std::int64_t{1});
  file.attribute("/", "note", "dwell ≥ 3");
  file.attribute("/", "empty", "");
  file.attribute("/", "rate", 0.25);
  file.scale("/time", view(Integers{0, 1, 2}), {"time step", "1"});
  file.scale("/channel", view(Integers{0, 1}));
  file.scale("/horizon/horizon", view(Integers{1, 2, 4, 8}));
  file.dataset("/x", view(counted(6)), {"/time", "/channel"}, {"observation", "arbitrary"});
  file.dataset("/horizon/mse", view(counted(4)), {"/horizon/horizon"});
  file.dataset("/mask", view(std::vector<std::int8_t>{1, 0, 1}), {"/time"});
  file.dataset("/single", view(std::vector<float>{1.5f, 2.5f}), {"/channel"});
  file.scalar("/final/test_mse", 7.5);
  file.group("/provenance");
  file.attribute("/provenance", "host", "n1");
  file.attribute("/provenance", "host", "n2");
  file.close();
}

}  // namespace

TEST_CASE("HDF5 content reads back as written", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.h5";
  write_example(path);
  store::Hdf5Reader const file(path);
  CHECK(file.read<double>("/x") == counted(6));
  CHECK(file.shape("/x") == Integers{3, 2});
  CHECK(file.read_rows<double>("/x", 1, 2) == Doubles{2.5, 3.5, 4.5, 5.5});
  CHECK(file.read_rows<double>("/x", 3, 0).empty());
  CHECK(file.read<std::int64_t>("/mask") == Integers{1, 0, 1});
  CHECK(file.read<float>("/single") == std::vector<float>{1.5f, 2.5f});
  CHECK(file.read<double>("/single") == Doubles{1.5, 2.5});
  CHECK(file.read<double>("/final/test_mse") == Doubles{7.5});
  CHECK(file.shape("/final/test_mse").empty());
  std::vector<std::string> paths;
  for (auto const& found : file.datasets()) paths.push_back(found.path);
  CHECK(paths == std::vector<std::string>{"/channel", "/mask", "/single", "/time", "/x", "/final/test_mse",
                                          "/horizon/horizon", "/horizon/mse"});
  CHECK(file.describe("/x").shape == Integers{3, 2});
  CHECK(file.describe("/x").unusable.empty());
  CHECK(file.is_dataset("/x"));
  CHECK_FALSE(file.is_dataset("/final"));
  CHECK_FALSE(file.exists("/final/none/deeper"));
  CHECK(file.exists("/"));
  CHECK(file.text_attribute("/", "note") == "dwell ≥ 3");
  CHECK(file.text_attribute("/", "empty").empty());
  CHECK(file.text_attribute("/x", "long_name") == "observation");
  CHECK(file.text_attribute("/x", "units") == "arbitrary");
  CHECK_FALSE(file.has_attribute("/single", "units"));
  CHECK(file.text_attribute("/provenance", "host") == "n2");
  CHECK(file.integer_attribute("/", "schema_version") == 1);
  CHECK(file.number_attribute("/", "rate") == 0.25);
  CHECK(file.has_attribute("/x", "DIMENSION_LIST"));
  CHECK(file.has_attribute("/x", "DIMENSION_LABELS"));
  CHECK(file.text_attribute("/horizon/horizon", "CLASS") == "DIMENSION_SCALE");
  CHECK(file.text_attribute("/horizon/horizon", "NAME") == "horizon");
}

TEST_CASE("text data sets have dimension scales", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.h5";
  std::vector<std::string> const words{"spectral", "random", "", "≥"};
  {
    store::Hdf5Writer file(path);
    file.text_scale("/layer", {"input", "layer_1"});
    file.scale("/axis", view(Integers{0, 1}));
    file.text_dataset("/start", words, {"/layer", "/axis"}, {"where it started", "1"});
    CHECK_THAT(message_of(errors::ExitCode::defect, [&] { file.text_dataset("/few", {"a"}, {"/layer"}); }),
               ContainsSubstring("1 strings are given, but its scales have room for 2"));
    file.close();
  }
  store::Hdf5Reader const file(path);
  CHECK(file.read_text("/start") == words);
  CHECK(file.shape("/start") == Integers{2, 2});
  CHECK(file.has_attribute("/start", "DIMENSION_LIST"));
  CHECK(file.text_attribute("/start", "long_name") == "where it started");
}

TEST_CASE("the same content gives the same bytes", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  write_example(folder.path() / "a.h5");
  write_example(folder.path() / "b.h5");
  CHECK(store::read_text(folder.path() / "a.h5") == store::read_text(folder.path() / "b.h5"));
}

TEST_CASE("large data sets are chunked and compressed and read back whole", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.h5";
  Integers rows(70'001), columns(7), values(rows.size() * columns.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::iota(values.begin(), values.end(), -5);
  {
    store::Hdf5Writer file(path);
    file.scale("/time", view(rows));
    file.scale("/channel", view(columns));
    file.dataset("/x", view(values), {"/time", "/channel"});
    file.close();
  }
  CHECK(std::filesystem::file_size(path) < values.size() * sizeof(std::int64_t) / 4);
  store::Hdf5Reader const file(path);
  CHECK(file.read<std::int64_t>("/x") == values);
  CHECK(file.read_rows<std::int64_t>("/x", 69'999, 2) == Integers(values.end() - 14, values.end()));
}

TEST_CASE("streams accept pieces of any size and get their scales", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.h5";
  auto const all = counted(3 * 1000);
  {
    store::Hdf5Writer file(path);
    file.scale("/channel", view(Integers{0, 1, 2}));
    auto x = file.stream<double>("/x", {"/time", "/channel"}, 64);
    auto time = file.stream_scale<std::int64_t>("/time", 50, {"time step", "1"});
    std::size_t at = 0;
    for (std::size_t piece = 1; at < all.size(); piece = piece * 3 + 1) {
      auto const count = std::min(piece, all.size() - at);  // pieces may end in mid-row
      x.append(view(all).subspan(at, count));
      at += count;
      if (piece == 40) {  // 53 values: the middle of a row
        CHECK_THAT(message_of(errors::ExitCode::defect, [&] { file.attach_streams(); }),
                   ContainsSubstring("its last row is incomplete"));
      }
    }
    for (std::int64_t t = 0; t < 1000; ++t) time.append(std::span<std::int64_t const>(&t, 1));
    CHECK(x.rows() == 1000);
    file.attach_streams();
    file.close();
  }
  store::Hdf5Reader const file(path);
  CHECK(file.shape("/x") == Integers{1000, 3});
  CHECK(file.read<double>("/x") == all);
  CHECK(file.read_rows<std::int64_t>("/time", 998, 2) == Integers{998, 999});
  CHECK(file.has_attribute("/x", "DIMENSION_LIST"));
  CHECK(file.text_attribute("/time", "long_name") == "time step");
}

TEST_CASE("a stream accepts more rows after a flush", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.h5";
  {
    store::Hdf5Writer file(path);
    auto time = file.stream_scale<double>("/time", 4);
    time.append(view(counted(6)));
    file.attach_streams();
    time.append(view(Doubles{6.5, 7.5, 8.5}));
    file.close();
  }
  CHECK(store::Hdf5Reader(path).read<double>("/time") == counted(9));
}

TEST_CASE("closing refuses a stream whose scale is missing or has another length", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  store::Hdf5Writer file(folder.path() / "a.h5");
  auto x = file.stream<double>("/x", {"/time"}, 4);
  x.append(view(counted(6)));
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { file.close(); }),
             ContainsSubstring("'/x'") && ContainsSubstring("'/time' has no scale"));
  file.scale("/time", view(counted(5)));
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { file.close(); }),
             ContainsSubstring("6 rows were appended, but its scale '/time' has 5"));
}

TEST_CASE("a writer refuses values that do not fit their scales", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  store::Hdf5Writer file(folder.path() / "a.h5");
  file.scale("/time", view(counted(3)));
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { file.dataset("/x", view(counted(4)), {"/time"}); }),
             ContainsSubstring("4 values are given, but its scales have room for 3"));
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { file.scale("/time", view(counted(3))); }),
             ContainsSubstring("it has already been written"));
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { file.attribute("/none", "a", 1.0); }),
             ContainsSubstring("it does not exist"));
  auto s = file.stream<double>("/s", {"/time"}, 4);
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { s.append(view(Integers{1})); }),
             ContainsSubstring("another element type"));
}

TEST_CASE("empty scales and data sets are written and read", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.h5";
  {
    store::Hdf5Writer file(path);
    file.scale("/epoch", view(Integers{}));
    file.dataset("/loss", view(Doubles{}), {"/epoch"});
    file.stream_scale<double>("/time", 8);
    file.close();
  }
  store::Hdf5Reader const file(path);
  CHECK(file.shape("/loss") == Integers{0});
  CHECK(file.read<double>("/loss").empty());
  CHECK(file.read<double>("/time").empty());
}
