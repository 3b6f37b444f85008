#include "store/archive/safetensors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cstring>

#include "store/atomic_file.hpp"
#include "store/damage.hpp"
#include "store/raises.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using store::DType;
using store::Tensor;
using tests::message_of;

namespace {

template <class T>
Tensor tensor(DType dtype, std::vector<std::int64_t> shape, std::vector<T> const& values) {
  auto bytes = std::make_shared<std::vector<std::byte>>(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(bytes->data(), values.data(), bytes->size());
  return {dtype, std::move(shape), std::move(bytes)};
}

store::safetensors::File example() {
  store::safetensors::File file;
  file.tensors.emplace_back("w", tensor<float>(DType::f32, {2, 2}, {1, 2, 3, 4}));
  file.tensors.emplace_back("scalar", tensor<float>(DType::f32, {}, {5}));
  file.tensors.emplace_back("empty", tensor<float>(DType::f32, {0, 3}, {}));
  file.tensors.emplace_back("half", tensor<std::uint16_t>(DType::f16, {1}, {0x3c00}));
  file.tensors.emplace_back("flags", tensor<std::uint8_t>(DType::boolean, {3}, {1, 0, 1}));
  file.metadata.emplace_back("format", "pt");
  file.metadata.emplace_back("note", "dwell ≥ 3");
  return file;
}

std::string crafted(std::string const& header, std::string const& data, std::uint64_t length = UINT64_MAX) {
  if (length == UINT64_MAX) length = header.size();
  return std::string(reinterpret_cast<char const*>(&length), 8) + header + data;
}

}  // namespace

TEST_CASE("safetensors read back as saved", "[archive][safetensors]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.safetensors";
  store::safetensors::save(path, example());
  auto const back = store::safetensors::load(path);
  CHECK(back.metadata == example().metadata);
  REQUIRE(back.tensors.size() == example().tensors.size());
  for (std::size_t i = 0; i < back.tensors.size(); ++i) {
    auto const expected = example().tensors[i];
    auto const& found = *std::find_if(back.tensors.begin(), back.tensors.end(),
                                      [&](auto const& each) { return each.first == expected.first; });
    CHECK(found.second.dtype == expected.second.dtype);
    CHECK(found.second.shape == expected.second.shape);
    CHECK(*found.second.bytes == *expected.second.bytes);
  }
}

TEST_CASE("wide elements come first, which aligns all tensors", "[archive][safetensors]") {
  tests::TemporaryFolder const folder;
  store::safetensors::File file;
  file.tensors.emplace_back("byte", tensor<std::uint8_t>(DType::u8, {3}, {1, 2, 3}));
  file.tensors.emplace_back("wide", tensor<double>(DType::f64, {1}, {1}));
  store::safetensors::save(folder.path() / "a", file);
  CHECK(store::safetensors::load(folder.path() / "a").tensors[0].first == "wide");
}

TEST_CASE("damaged safetensors headers are refused", "[archive][safetensors]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.safetensors";
  auto const told = [&](std::string const& content) {
    store::write_atomically(path, content);
    auto text = message_of(errors::ExitCode::input, [&] { store::safetensors::load(path); });
    CHECK_THAT(text, ContainsSubstring("a.safetensors"));
    return text;
  };
  auto const entry = [](std::string const& dtype, std::string const& shape, std::string const& offsets) {
    return R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  std::string const data(8, 'x');
  CHECK_THAT(told("short"), ContainsSubstring("it is a text file"));
  CHECK_THAT(told("epoch,loss\n1,2\n"), ContainsSubstring("it is a text file"));
  CHECK_THAT(told(crafted("{}", "", 100'000'001)), ContainsSubstring("not a safetensors file"));
  CHECK_THAT(told(crafted("{}", "", 3)), ContainsSubstring("truncated within its header"));
  CHECK_THAT(told(crafted("{", "")), ContainsSubstring("not JSON"));
  CHECK_THAT(told(crafted("[]", "")), ContainsSubstring("not a JSON object"));
  CHECK_THAT(told(crafted("{}", data)), ContainsSubstring("need 0 bytes, but the file has 8"));
  CHECK_THAT(told(crafted(R"({"a":{}})", data)), ContainsSubstring("'a'") && ContainsSubstring("lacks"));
  CHECK_THAT(told(crafted(entry("\"F8_E4M3\"", "[8]", "[0,8]"), data)), ContainsSubstring("'F8_E4M3'"));
  CHECK_THAT(told(crafted(entry("\"F32\"", "[3]", "[0,8]"), data)), ContainsSubstring("needs 12 bytes but has 8"));
  CHECK_THAT(told(crafted(entry("\"F32\"", "[2]", "[4,12]"), data)), ContainsSubstring("outside the file"));
  CHECK_THAT(told(crafted(entry("\"F32\"", "[2]", "[8,0]"), data)), ContainsSubstring("outside the file"));
  CHECK_THAT(told(crafted(entry("\"F32\"", "[1]", "[4,8]"), data)), ContainsSubstring("overlap or leave a gap"));
  CHECK_THAT(told(crafted(entry("\"F32\"", "[-2]", "[0,8]"), data)), ContainsSubstring("bad shape"));
  CHECK_THAT(told(crafted(entry("\"F32\"", "[4294967296,4294967296]", "[0,0]"), "")), ContainsSubstring("bad shape"));
  CHECK_THAT(told(crafted(entry("1", "[2]", "[0,8]"), data)), ContainsSubstring("dtype that is not text"));
  CHECK_THAT(told(crafted(entry("\"F32\"", "[2]", "[0]"), data)), ContainsSubstring("bad data_offsets"));
  CHECK_THAT(told(crafted(R"({"__metadata__":{"a":1}})", "")), ContainsSubstring("'a' is not text"));
  CHECK_THAT(told(crafted(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)"
                          R"("b":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})",
                          data)),
             ContainsSubstring("overlap"));
  auto const deep = std::string(200'000, '[') + std::string(200'000, ']');
  for (auto const& header :
       {std::string(1'000'000, '['), deep, R"({"a":)" + deep + "}", entry("\"F32\"", deep, "[0,8]"),
        entry("\"F32\"", "[2]", deep), entry(deep, "[2]", "[0,8]"), R"({"__metadata__":{"a":)" + deep + "}}"})
    CHECK_THAT(told(crafted(header, data)), ContainsSubstring("nested too deeply"));
  CHECK(store::safetensors::load([&] {
          store::write_atomically(
              path,
              crafted(R"({"__metadata__":{"a":"[[[[{{{{\"[["},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})",
                      data));
          return path;
        }())
            .tensors.size() == 1);
}

TEST_CASE("every truncation and every damaged byte of safetensors is an error or harmless", "[archive][safetensors]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.safetensors";
  store::safetensors::save(path, example());
  auto const bytes = store::read_text(path);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    tests::write_copy(path, std::string_view(bytes).substr(0, length));
    message_of(errors::ExitCode::input, [&] { store::safetensors::load(path); });
  }
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int const mask : {0xff, 0x01, 0x10}) {
      auto copy = bytes;
      copy[at] = static_cast<char>(copy[at] ^ mask);
      tests::write_copy(path, copy);
      try {
        store::safetensors::load(path);
      } catch (errors::Error const& error) {
        if (error.code() != errors::ExitCode::input) FAIL("byte " << at << ": " << error.what());
      }
    }
}

TEST_CASE("invalid tensors are not saved", "[archive][safetensors]") {
  tests::TemporaryFolder const folder;
  auto const told = [&](store::safetensors::File const& file) {
    return message_of(errors::ExitCode::defect, [&] { store::safetensors::save(folder.path() / "a", file); });
  };
  auto file = example();
  file.tensors[0].second.shape = {5};
  CHECK_THAT(told(file), ContainsSubstring("'w'"));
  file = example();
  file.tensors[1].first = "w";
  CHECK_THAT(told(file), ContainsSubstring("twice"));
  file = example();
  file.tensors[1].first = "\xff";
  CHECK_THAT(told(file), ContainsSubstring("UTF-8"));
}
