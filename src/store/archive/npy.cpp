#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <type_traits>

#include "errors/errors.hpp"
#include "store/archive/half.hpp"
#include "store/archive/npy_format.hpp"
#include "store/archive/npz.hpp"
#include "store/archive/zip_reader.hpp"
#include "store/exact_integer.hpp"

/// Interprets the bytes of an array.
namespace mambasynth::store {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are stored little-endian and used in place");

errors::Error unusable(NpyArray const& array, std::string const& why) {
  return errors::input("cannot use an array of type '" + array.dtype + "'", why, "Give an array of another type");
}

template <class To, class From>
To converted(NpyArray const& array, From value) {
  if constexpr (std::is_same_v<To, std::int64_t> && std::is_floating_point_v<From>) {
    // 2^63 is representable, 2^63 - 1 is not.
    constexpr double end = 9223372036854775808.0;
    auto const wide = static_cast<double>(value);
    if (!(wide >= -end && wide < end) || wide != std::trunc(wide))
      throw unusable(array, "whole numbers are needed, but it holds " + std::to_string(wide));
    return static_cast<std::int64_t>(wide);
  } else if constexpr (std::is_same_v<To, std::int64_t> && std::is_same_v<From, std::uint64_t>) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      throw unusable(array, "it holds " + std::to_string(value) + ", which a signed 64-bit integer cannot hold");
    return static_cast<std::int64_t>(value);
  } else {
    if constexpr (std::is_same_v<To, double> && std::is_integral_v<From>)
      if (!exact_in_double(value))
        throw unusable(array,
                       "it holds " + std::to_string(value) + ", which double precision cannot represent exactly");
    return static_cast<To>(value);
  }
}

template <class Stored, class To>
std::vector<To> convert(NpyArray const& array) {
  std::vector<To> values(array.bytes.size() / sizeof(Stored));
  if constexpr (std::is_same_v<Stored, To>) {
    if (!values.empty()) std::memcpy(values.data(), array.bytes.data(), values.size() * sizeof(To));
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) {
      Stored value;
      std::memcpy(&value, array.bytes.data() + i * sizeof(Stored), sizeof(Stored));
      values[i] = converted<To>(array, value);
    }
  }
  return values;
}

template <class To>
std::vector<To> convert_half(NpyArray const& array) {
  auto const bits = convert<std::uint16_t, std::uint16_t>(array);
  std::vector<To> values(bits.size());
  for (std::size_t i = 0; i < bits.size(); ++i) values[i] = converted<To>(array, float_from_half(bits[i]));
  return values;
}

void append_utf8(std::string& text, std::uint32_t code) {
  auto const push = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xc0 | code >> 6);
    push(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    push(0xe0 | code >> 12);
    push(0x80 | (code >> 6 & 0x3f));
    push(0x80 | (code & 0x3f));
  } else {
    push(0xf0 | (code >> 18 & 0x07));
    push(0x80 | (code >> 12 & 0x3f));
    push(0x80 | (code >> 6 & 0x3f));
    push(0x80 | (code & 0x3f));
  }
}

}  // namespace

std::int64_t NpyArray::size() const {
  std::int64_t product = 1;
  for (auto const extent : shape) product *= extent;
  return product;
}

template <class T>
std::vector<T> NpyArray::as() const {
  auto const type = dtype.substr(1);
  if (type == "f8") return convert<double, T>(*this);
  if (type == "f4") return convert<float, T>(*this);
  if (type == "f2") return convert_half<T>(*this);
  if (type == "i8") return convert<std::int64_t, T>(*this);
  if (type == "i4") return convert<std::int32_t, T>(*this);
  if (type == "i2") return convert<std::int16_t, T>(*this);
  if (type == "i1") return convert<std::int8_t, T>(*this);
  if (type == "u8") return convert<std::uint64_t, T>(*this);
  if (type == "u4") return convert<std::uint32_t, T>(*this);
  if (type == "u2") return convert<std::uint16_t, T>(*this);
  if (type == "u1" || type == "b1") return convert<std::uint8_t, T>(*this);
  throw unusable(*this, "numbers are needed");
}

template std::vector<double> NpyArray::as<double>() const;
template std::vector<float> NpyArray::as<float>() const;
template std::vector<std::int64_t> NpyArray::as<std::int64_t>() const;

std::vector<std::string> NpyArray::as_text() const {
  bool const wide = dtype.size() > 1 && dtype[1] == 'U';
  if (!wide && !(dtype.size() > 1 && dtype[1] == 'S')) throw unusable(*this, "it must be text");
  std::vector<std::string> texts(static_cast<std::size_t>(size()));
  auto const width = texts.empty() ? 0 : bytes.size() / texts.size();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto& text = texts[i];
    auto const* from = bytes.data() + i * width;
    if (!wide) {
      text.assign(reinterpret_cast<char const*>(from), width);
    } else {
      for (std::size_t at = 0; at + 4 <= width; at += 4) {
        std::uint32_t code = 0;
        std::memcpy(&code, from + at, 4);
        append_utf8(text, code);
      }
    }
    while (!text.empty() && text.back() == '\0') text.pop_back();  // NumPy pads with zeros
  }
  return texts;
}

namespace {

npy::Source source_of(std::filesystem::path const& file) {
  std::error_code failed;
  auto const size = std::filesystem::file_size(file, failed);
  if (failed) throw archive::unreadable(file, failed.message());
  auto const in = std::make_shared<std::ifstream>(file, std::ios::binary);
  if (!*in) throw archive::unreadable(file, "it cannot be opened");
  npy::Source source;
  source.file = file;
  source.size = static_cast<std::uint64_t>(size);
  source.read = [in, file](void* into, std::size_t count) {
    in->read(static_cast<char*>(into), static_cast<std::streamsize>(count));
    if (static_cast<std::size_t>(in->gcount()) != count) throw archive::unreadable(file, "it is truncated");
  };
  std::string const start = archive::looks_like(file);
  if (start.find(".npy") == std::string::npos) throw archive::unreadable(file, "it is not a .npy array: " + start);
  return source;
}

}  // namespace

StoredArray open_npy(std::filesystem::path const& file) { return StoredArray(source_of(file)); }
NpyArray read_npy(std::filesystem::path const& file) { return open_npy(file).whole(); }

}  // namespace mambasynth::store
