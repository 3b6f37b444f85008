#include "store/known_layout.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <functional>

#include "store/hdf5.hpp"
#include "store/result_file.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using store::KnownLayout;

namespace {

namespace fs = std::filesystem;

struct Content {
  std::vector<double> values{1, 2, 3}, more{4};
  std::vector<std::int64_t> scale{10, 20, 30};
  std::string fact = "short";
  std::string unit = "1";
  std::vector<std::string> names{"one", "a second"};
  bool extra = false;
};

void write(fs::path const& file, Content const& content) {
  store::ResultFile result(file, 1);
  result.provenance({{"fact", content.fact}, {"seconds", 1.5}, {"threads", std::int64_t{3}}});
  auto& h5 = result.h5();
  h5.scale<std::int64_t>("/k", content.scale);
  h5.dataset<double>("/group/values", content.values, {"/k"}, {"what it is", content.unit});
  h5.scalar("/group/more", content.more.front());
  h5.text_scale("/name", content.names);
  if (content.extra) h5.scalar("/group/most", 1.0);
  result.commit();
}

KnownLayout::Wanted const wanted{
    .numbers = {"/group/more", "/group/values"}, .scales = {"/k"}, .names = {"/name"}, .facts = "/provenance"};

std::optional<KnownLayout::Values> read(KnownLayout const& layout, fs::path const& file) {
  int const descriptor = ::open(file.c_str(), O_RDONLY);
  REQUIRE(descriptor >= 0);
  auto values = layout.read(descriptor);
  ::close(descriptor);
  return values;
}

}  // namespace

TEST_CASE("numbers are read where a file of the same layout has them") {
  TemporaryFolder const folder;
  auto const first = folder.path() / "first.h5", other = folder.path() / "other.h5";
  write(first, {});
  auto const layout = KnownLayout::of(first, wanted);
  REQUIRE(layout);
  auto const facts = [](std::string const& fact) {
    return store::Attributes{{"fact", fact}, {"seconds", 1.5}, {"threads", std::int64_t{3}}};
  };
  auto found = read(*layout, first);
  REQUIRE(found);
  CHECK(found->numbers == std::vector<double>{4, 1, 2, 3});
  CHECK(found->facts == facts("short"));
  for (std::string const fact : {"other", "", "naïve"}) {
    write(other, {.values = {5, 6, 7}, .more = {-8}, .fact = fact});
    found = read(*layout, other);
    REQUIRE(found);
    CHECK(found->numbers == std::vector<double>{-8, 5, 6, 7});
    CHECK(found->facts == facts(fact));
  }
  // It may move what stands behind it.
  write(other, {.values = {5, 6, 7}, .fact = "a longer text"});
  found = read(*layout, other);
  if (found) CHECK(found->numbers == std::vector<double>{4, 5, 6, 7});
  if (found) CHECK(found->facts == facts("a longer text"));
}

TEST_CASE("a file of another layout is not read") {
  TemporaryFolder const folder;
  auto const first = folder.path() / "first.h5", other = folder.path() / "other.h5";
  write(first, {});
  auto const layout = KnownLayout::of(first, wanted);
  REQUIRE(layout);
  SECTION("other values of a scale") { write(other, {.scale = {10, 20, 40}}); }
  SECTION("a longer scale") { write(other, {.values = {1, 2, 3, 4}, .scale = {10, 20, 30, 40}}); }
  SECTION("one data set more") { write(other, {.extra = true}); }
  SECTION("other names") { write(other, {.names = {"one", "a SECOND"}}); }
  SECTION("a reference to a text that leads nowhere") {
    write(other, {});
    std::string bytes(fs::file_size(other), ' ');
    std::ifstream(other, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    auto const at = bytes.find("GCOL");
    REQUIRE(at != std::string::npos);
    for (auto heap = at; heap != std::string::npos; heap = bytes.find("GCOL", heap + 1)) bytes[heap] = 'X';
    std::ofstream(other, std::ios::binary) << bytes;
  }
  SECTION("truncated") {
    write(other, {});
    fs::resize_file(other, fs::file_size(other) - 1);
  }
  SECTION("no HDF5 at all") { std::ofstream(other) << std::string(fs::file_size(first), 'x'); }
  SECTION("a flipped bit anywhere in the structure") {
    std::string bytes(fs::file_size(first), ' ');
    std::ifstream(first, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    auto const at = bytes.find("values");
    REQUIRE(at != std::string::npos);
    bytes[at] ^= 1;
    std::ofstream(other, std::ios::binary) << bytes;
  }
  CHECK_FALSE(read(*layout, other));
}

TEST_CASE("what is stored in another way than as plain doubles has no known layout") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "file.h5";
  SECTION("integers") {
    store::ResultFile result(file, 1);
    result.provenance({{"fact", std::string("x")}});
    result.h5().scale<std::int64_t>("/k", std::vector<std::int64_t>{1});
    result.h5().scalar("/group/values", std::int64_t{1});
    result.h5().scalar("/group/more", 1.0);
    result.commit();
  }
  SECTION("compressed") {
    store::ResultFile result(file, 1);
    result.provenance({{"fact", std::string("x")}});
    result.h5().counting_scale("/k", 0, 100);
    result.h5().dataset<double>("/group/values", std::vector<double>(100, 1.0), {"/k"}, {},
                                store::Compression::deflate);
    result.h5().scalar("/group/more", 1.0);
    result.commit();
  }
  SECTION("missing") {
    store::ResultFile result(file, 1);
    result.provenance({{"fact", std::string("x")}});
    result.h5().scalar("/group/more", 1.0);
    result.commit();
  }
  CHECK_FALSE(KnownLayout::of(file, wanted));
}

TEST_CASE("word streams read back as strings, each word stored once") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "words.h5";
  constexpr std::int64_t rows = 10000;
  std::vector<std::string> const words{"", "one", std::string(200, 'x'), "naïve, \"q\"\n"};
  store::Hdf5Writer h5(file);
  h5.words("/words", words);
  h5.counting_scale("/row", 0, rows);
  auto stream = h5.word_stream("/table/column", "/row", 777);
  std::vector<std::int32_t> numbers;
  for (std::int32_t i = 0; i < rows; ++i) numbers.push_back(i * i % 4 + (i % 3 == 0 ? 2 : 0));
  for (auto& number : numbers) number %= 4;
  stream.append(std::span<std::int32_t const>(numbers).first(1000));
  stream.append(std::span<std::int32_t const>(numbers).subspan(1000));
  h5.close();
  store::Hdf5Reader const back(file);
  auto const texts = back.read_text("/table/column");
  REQUIRE(texts.size() == rows);
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (texts[i] != words[static_cast<std::size_t>(numbers[i])]) FAIL(i);
  CHECK(back.read_text("/words") == words);
  CHECK(fs::file_size(file) < 300000);  // 16 bytes a row, not the text
}

TEST_CASE("columns that repeat their chunks are stored small and read back as they were") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "file.h5";
  constexpr std::int64_t period = 100, rows = 400 * period + 7, changes = rows / 2;
  std::vector<std::int32_t> numbers;
  std::vector<double> values;
  for (std::int64_t row = 0; row < rows; ++row) {
    auto const value = row % period + (row < changes ? 0 : 1);
    numbers.push_back(static_cast<std::int32_t>(value % 3));
    values.push_back(value % 7 == 0 ? std::nan("") : 0.1 * static_cast<double>(value));
  }
  std::vector<std::string> const words{"", "one", "naïve"};
  {
    store::Hdf5Writer h5(file);
    store::Hdf5Writer other(folder.path() / "other.h5");  // two at the same time
    h5.words("/words", words);
    h5.counting_scale("/row", 0, rows);
    other.counting_scale("/row", 0, rows);
    auto texts = h5.word_stream("/text", "/row", period);
    auto doubles = h5.stream<double>("/value", {"/row"}, period, {}, store::Compression::repeats);
    auto others = other.stream<double>("/value", {"/row"}, period, {}, store::Compression::repeats);
    texts.append(std::span<std::int32_t const>(numbers));
    doubles.append(std::span<double const>(values).first(1234));
    doubles.append(std::span<double const>(values).subspan(1234));
    others.append(std::span<double const>(values));
    h5.close();
    other.close();
  }
  store::Hdf5Reader const back(file);
  auto const texts = back.read_text("/text");
  auto const read = back.read<double>("/value");
  REQUIRE(texts.size() == numbers.size());
  REQUIRE(read.size() == values.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i] != words[static_cast<std::size_t>(numbers[i])]) FAIL(i);
    if (std::isnan(values[i]) ? !std::isnan(read[i]) : read[i] != values[i]) FAIL(i);
  }
  CHECK(fs::file_size(file) < rows * (16 + 8) / 4);
}

TEST_CASE("all attributes of an object are read at once") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "file.h5";
  write(file, {.fact = "naïve"});
  CHECK(store::Hdf5Reader(file).attributes("/provenance") ==
        store::Attributes{{"fact", std::string("naïve")}, {"seconds", 1.5}, {"threads", std::int64_t{3}}});
  CHECK_THROWS(store::Hdf5Reader(file).attributes("/nothing"));
}
