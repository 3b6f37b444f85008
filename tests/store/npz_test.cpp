#include "store/archive/npz.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <limits>
#include <numeric>
#include <span>

#include "store/atomic_file.hpp"
#include "store/damage.hpp"
#include "store/hdf5.hpp"
#include "store/raises.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using tests::message_of;
using Doubles = std::vector<double>;
using Integers = std::vector<std::int64_t>;

namespace {

void write_example(std::filesystem::path const& path) {
  store::NpzWriter file(path);
  Doubles x(60);
  std::iota(x.begin(), x.end(), 0.25);
  file.add("x", std::span<double const>(x), {3, 4, 5});
  file.add("circle", std::span<std::int64_t const>(Integers{3, -1, 4}), {3});
  file.add("scalar", std::span<float const>(std::vector<float>{2.5f}), {});
  file.add("none", std::span<double const>(), {0, 4});
  file.close();
}

/// A handmade .npy file: dtype and shape as NumPy would write them, then `payload`.
std::string npy(std::string const& descr, std::string const& shape, std::string const& payload, int version = 1,
                bool fortran = false) {
  std::string header =
      "{'descr': " + descr + ", 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }\n";
  std::string text = "\x93NUMPY";
  text += static_cast<char>(version);
  text += '\0';
  auto const length = header.size();
  text += static_cast<char>(length & 0xff);
  text += static_cast<char>(length >> 8);
  if (version > 1) text += std::string(2, '\0');
  return text + header + payload;
}

template <class T>
std::string raw(std::vector<T> const& values) {
  return {reinterpret_cast<char const*>(values.data()), values.size() * sizeof(T)};
}

store::NpyArray parsed(std::string const& content) {
  tests::TemporaryFolder const folder;
  store::write_atomically(folder.path() / "a.npy", content);
  return store::read_npy(folder.path() / "a.npy");
}

}  // namespace

TEST_CASE("an npz reads back as written and has the same bytes each time", "[archive][npz]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.npz";
  write_example(path);
  write_example(folder.path() / "b.npz");
  CHECK(store::read_text(path) == store::read_text(folder.path() / "b.npz"));
  CHECK(store::NpzReader(path).names() == std::vector<std::string>{"x", "circle", "scalar", "none"});
  auto const all = store::read_npz(path);
  CHECK(all.at("x").shape == Integers{3, 4, 5});
  CHECK(all.at("x").dtype == "<f8");
  CHECK(all.at("x").as<double>()[59] == 59.25);
  CHECK(all.at("circle").as<std::int64_t>() == Integers{3, -1, 4});
  CHECK(all.at("circle").as<double>() == Doubles{3, -1, 4});
  CHECK(all.at("scalar").shape.empty());
  CHECK(all.at("scalar").as<float>() == std::vector<float>{2.5f});
  CHECK(all.at("none").shape == Integers{0, 4});
  CHECK(store::read_npz(path, {"circle"}).size() == 1);
}

TEST_CASE("an archive written by NumPy is read", "[archive][npz]") {
  auto const path = tests::reference_file("golden_model.npz");
  if (path.empty()) SKIP("golden_model.npz is missing");
  auto const all = store::read_npz(path);
  CHECK(all.at("starts").as<std::int64_t>() == Integers{0, 25600, 98976});
  CHECK(all.at("layer1").shape == Integers{3, 16, 128});
  auto const names = all.at("grad_names").as_text();
  REQUIRE(names.size() == 85);
  CHECK(names[0] == "input_proj.weight");
}

TEST_CASE("all npy versions, numeric and text dtypes, and orders are read", "[archive][npz]") {
  CHECK(parsed(npy("'<i2'", "(2,)", raw<std::int16_t>({-3, 7}), 2)).as<std::int64_t>() == Integers{-3, 7});
  CHECK(parsed(npy("'|u1'", "(2,)", raw<std::uint8_t>({200, 7}), 3)).as<double>() == Doubles{200, 7});
  CHECK(parsed(npy("'|b1'", "(2,)", raw<std::uint8_t>({1, 0}))).as<std::int64_t>() == Integers{1, 0});
  CHECK(parsed(npy("'<f2'", "(5,)", raw<std::uint16_t>({0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00}))).as<double>() ==
        Doubles{1, -2, 0x1p-24, 65504, -std::numeric_limits<double>::infinity()});
  auto const big = parsed(npy("'>i4'", "(2,)", std::string("\0\0\0\1\xff\xff\xff\xfe", 8)));
  CHECK(big.dtype == "<i4");
  CHECK(big.as<std::int64_t>() == Integers{1, -2});
  // By columns: [[0, 2, 4], [1, 3, 5]].
  auto const fortran = parsed(npy("'<i4'", "(2, 3)", raw<std::int32_t>({0, 1, 2, 3, 4, 5}), 1, true));
  CHECK(fortran.as<std::int64_t>() == Integers{0, 2, 4, 1, 3, 5});
  CHECK(parsed(npy("'<i4'", "(2L, 1L)", raw<std::int32_t>({5, 6}))).shape == Integers{2, 1});
  auto const text = parsed(npy("'<U3'", "(2,)", raw<char32_t>({U'a', U'é', 0, U'中', U'𝄞', U'z'})));
  CHECK(text.as_text() == std::vector<std::string>{"aé", "中𝄞z"});
  CHECK(parsed(npy("'|S3'", "(2,)", std::string("ab\0xyz", 6))).as_text() == std::vector<std::string>{"ab", "xyz"});
}

TEST_CASE("arrays are converted while they are decoded", "[archive][npz]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.npy";
  auto const opened = [&](std::string const& content) {
    store::write_atomically(path, content);
    return store::open_npy(path);
  };
  std::vector<std::int16_t> many(200'000);  // several pieces
  std::iota(many.begin(), many.end(), std::int16_t{});
  CHECK(opened(npy("'<i2'", "(200000,)", raw(many))).read<double>() == Doubles(many.begin(), many.end()));
  // Of shape (2, 3, 2), first axis fastest.
  CHECK(opened(npy("'<i4'", "(2, 3, 2)", raw<std::int32_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}), 1, true))
            .read<double>() == Doubles{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11});
  auto by_parts = opened(npy("'>i2'", "(3,)", std::string("\0\1\0\2\0\3", 6)));
  Doubles part(2);
  by_parts.next(std::span(part));
  CHECK(part == Doubles{1, 2});
  by_parts.next(std::span(part).first(1));
  CHECK(part[0] == 3);
  auto const text = opened(npy("'<U1'", "(1,)", raw<char32_t>({U'a'})));
  CHECK_FALSE(text.numbers());
}

TEST_CASE("integers beyond 2^53 stay distinct or are refused", "[archive][npz]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.npy";
  constexpr std::int64_t p53 = INT64_C(1) << 53, p62 = INT64_C(1) << 62;
  auto const columns = [&](std::string const& dtype, auto const& values) {
    store::write_atomically(path,
                            npy("'" + dtype + "'", "(" + std::to_string(values.size() / 2) + ", 2)", raw(values)));
    return store::open_npy(path).read_columns();
  };
  CHECK(columns("<i8", std::vector<std::int64_t>{p53, 1, -p53, 2}) == Doubles{0x1p53, 1, -0x1p53, 2});  // unchanged
  CHECK(columns("<i8", std::vector<std::int64_t>{p62, INT64_MIN, -p62, 0}) == Doubles{0x1p62, -0x1p63, -0x1p62, 0});
  CHECK(columns("<i8", std::vector<std::int64_t>{p53 + 1, 7, p53, 9}) ==
        Doubles{1, 7, 0, 9});  // shifted by the minimum
  CHECK(columns("<i8", std::vector<std::int64_t>{INT64_MIN, 0, INT64_MIN + 1, 0}) == Doubles{0, 0, 1, 0});
  CHECK(columns("<u8", std::vector<std::uint64_t>{UINT64_MAX, 3, UINT64_MAX - 5, 4}) == Doubles{5, 3, 0, 4});
  auto const told =
      message_of(errors::ExitCode::input, [&] { columns("<i8", std::vector<std::int64_t>{0, 0, 0, p53 + 1, 0, 5}); });
  CHECK_THAT(told, ContainsSubstring("a.npy") && ContainsSubstring("row 1, column 1 is 9007199254740993"));
  store::write_atomically(path, npy("'<i8'", "(1,)", raw<std::int64_t>({p53 + 1})));
  CHECK_THAT(message_of(errors::ExitCode::input, [&] { (void)store::read_npy(path).as<double>(); }),
             ContainsSubstring("9007199254740993"));
}

TEST_CASE("unusable arrays are refused with the reason", "[archive][npz]") {
  auto const told = [](std::string const& content) {
    return message_of(errors::ExitCode::input, [&] { parsed(content); });
  };
  CHECK_THAT(told(npy("'|O'", "(1,)", "xxxxxxxx")), ContainsSubstring("'|O'") && ContainsSubstring("object arrays"));
  CHECK_THAT(told(npy("'<c16'", "(1,)", std::string(16, 'x'))), ContainsSubstring("'<c16'"));
  CHECK_THAT(told(npy("[('a', '<f8')]", "(1,)", std::string(8, 'x'))), ContainsSubstring("structured"));
  CHECK_THAT(told(npy("'<f8'", "(2,)", std::string(8, 'x'))), ContainsSubstring("16 bytes, but it has 8"));
  CHECK_THAT(told(npy("'<f8'", "(4294967296, 4294967296)", "")), ContainsSubstring("too large"));
  CHECK_THAT(told(npy("'<f8'", "(-1,)", "")), ContainsSubstring("bad shape"));
  CHECK_THAT(told(npy("'<f8'", "(1,)", std::string(8, 'x'), 9)), ContainsSubstring("npy version 9"));
  auto long_header = npy("'<f8'", "(1,)", std::string(std::size_t{3} << 20, ' '), 2);
  long_header.replace(8, 4, std::string("\0\0\x20\0", 4));
  CHECK_THAT(told(long_header), ContainsSubstring("too long for any array"));
  CHECK_THAT(told("epoch,loss\n"), ContainsSubstring("it is a text file"));
  auto const text = parsed(npy("'<U1'", "(1,)", raw<char32_t>({U'a'})));
  CHECK_THAT(message_of(errors::ExitCode::input, [&] { (void)text.as<double>(); }), ContainsSubstring("'<U1'"));
  auto const fraction = parsed(npy("'<f8'", "(1,)", raw<double>({1.5})));
  CHECK_THAT(message_of(errors::ExitCode::input, [&] { (void)fraction.as<std::int64_t>(); }),
             ContainsSubstring("whole numbers"));
  CHECK_THAT(message_of(errors::ExitCode::input, [&] { (void)fraction.as_text(); }),
             ContainsSubstring("it must be text"));
}

TEST_CASE("a file that is not an npz is refused with what it is", "[archive][npz]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.npz";
  auto const told = [&] { return message_of(errors::ExitCode::input, [&] { store::read_npz(path); }); };
  CHECK_THAT(told(), ContainsSubstring("a.npz") && ContainsSubstring("No such file"));
  store::write_atomically(path, "");
  CHECK_THAT(told(), ContainsSubstring("the file is empty"));
  store::write_atomically(path, "epoch,loss\n");
  CHECK_THAT(told(), ContainsSubstring("it is a text file"));
  store::write_atomically(path, npy("'<f8'", "(0,)", ""));
  CHECK_THAT(told(), ContainsSubstring("it is a single .npy array"));
  {
    store::Hdf5Writer file(path);
    file.close();
  }
  CHECK_THAT(told(), ContainsSubstring("it is an HDF5 file"));
  write_example(path);
  CHECK_THAT(message_of(errors::ExitCode::input, [&] { store::read_npz(path, {"phase"}); }),
             ContainsSubstring("'phase'") && ContainsSubstring("x, circle, scalar, none"));
}

TEST_CASE("every truncation and every damaged byte of an npz is an error or harmless", "[archive][npz]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.npz";
  write_example(path);
  auto const bytes = store::read_text(path);
  auto const damaged = folder.path() / "b.npz";
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    tests::write_copy(damaged, std::string_view(bytes).substr(0, length));
    auto const text = message_of(errors::ExitCode::input, [&] { store::read_npz(damaged); });
    if (text.find("b.npz") == std::string::npos) FAIL("length " << length << ": " << text);
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto copy = bytes;
    copy[at] = static_cast<char>(~copy[at]);
    tests::write_copy(damaged, copy);
    try {
      store::read_npz(damaged);
    } catch (errors::Error const& error) {
      if (error.code() != errors::ExitCode::input) FAIL("byte " << at << ": " << error.what());
    }
  }
}
