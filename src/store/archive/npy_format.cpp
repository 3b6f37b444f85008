#include "store/archive/npy_format.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>

#include "errors/errors.hpp"
#include "store/archive/zip_reader.hpp"
#include "store/memory.hpp"

namespace mambasynth::store::npy {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t alignment = 64;

errors::Error broken(Source const& source, std::string const& why) {
  return archive::unreadable(source.file, (source.name.empty() ? "" : "'" + source.name + "': ") + why);
}

/// The header is a Python dict literal with three keys, which NumPy writes in only one form.
class HeaderParser {
 public:
  HeaderParser(Source const& source, std::string_view text) : source_(source), text_(text) {}

  Header parse() {
    Header header;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!accept('}')) {
      auto const key = quoted();
      expect(':');
      if (key == "descr") {
        descr = true;
        if (peek() == '[') throw broken(source_, "structured arrays are not supported");
        header.descr = quoted();
      } else if (key == "fortran_order") {
        order = true;
        header.fortran_order = boolean();
      } else if (key == "shape") {
        shape = true;
        header.shape = tuple();
      } else {
        throw broken(source_, "its npy header has the unknown key '" + key + "'");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!descr || !order || !shape) throw broken(source_, "its npy header is incomplete");
    return header;
  }

 private:
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) throw broken(source_, "its npy header is damaged");
  }
  std::string quoted() {
    char const quote = peek();
    if (quote != '\'' && quote != '"') throw broken(source_, "its npy header is damaged");
    auto const end = text_.find(quote, ++at_);
    if (end == std::string_view::npos) throw broken(source_, "its npy header is damaged");
    std::string const word(text_.substr(at_, end - at_));
    at_ = end + 1;
    return word;
  }
  bool boolean() {
    peek();
    for (auto const& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    throw broken(source_, "its npy header is damaged");
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> values;
    expect('(');
    while (!accept(')')) {
      peek();
      std::int64_t value = 0;
      auto const [end, failed] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
      if (failed != std::errc{} || value < 0) throw broken(source_, "its npy header has a bad shape");
      at_ = static_cast<std::size_t>(end - text_.data());
      accept('L');  // Python 2 wrote long integers this way
      values.push_back(value);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }

  Source const& source_;
  std::string_view text_;
  std::size_t at_ = 0;
};

/// Bytes per element; refuses anything but plain values.
std::size_t item_size(Source const& source, std::string const& descr) {
  auto const refused = [&](std::string const& why) {
    return broken(source, "its dtype '" + descr + "' is not supported: " + why);
  };
  if (descr.size() < 2) throw refused("the name is damaged");
  char const kind = descr[1];
  if (kind == 'O') throw refused("object arrays hold pickled Python objects, which are never loaded");
  std::size_t size = 0;
  auto const [end, failed] = std::from_chars(descr.data() + 2, descr.data() + descr.size(), size);
  bool const number = failed == std::errc{} && end == descr.data() + descr.size() && size <= (std::size_t{1} << 30);
  if (!number || std::string_view("<>|=").find(descr[0]) == std::string_view::npos)
    throw refused("the name is damaged");
  bool const power = size == 1 || size == 2 || size == 4 || size == 8;
  switch (kind) {
    case 'b':
      if (size == 1) return size;
      break;
    case 'i':
    case 'u':
      if (power) return size;
      break;
    case 'f':
      if (power && size > 1) return size;
      break;
    case 'U':
      return size * 4;
    case 'S':
      return size;
    default:
      break;
  }
  throw refused("only numbers, booleans and text are");
}

void swap_bytes(std::vector<std::byte>& bytes, std::size_t item) {
  for (std::size_t at = 0; at + item <= bytes.size(); at += item)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + item));
}

/// From Fortran order (first axis fastest) to C order (last axis fastest).
std::vector<std::byte> transposed(std::vector<std::byte> const& bytes, std::vector<std::int64_t> const& shape,
                                  std::size_t item) {
  std::vector<std::byte> out(bytes.size());
  std::vector<std::size_t> stride(shape.size(), item);
  for (std::size_t axis = 1; axis < shape.size(); ++axis)
    stride[axis] = stride[axis - 1] * static_cast<std::size_t>(shape[axis - 1]);
  std::vector<std::int64_t> index(shape.size(), 0);
  for (std::size_t to = 0; to < out.size(); to += item) {
    std::size_t from = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
      from += static_cast<std::size_t>(index[axis]) * stride[axis];
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), item, out.begin() + static_cast<std::ptrdiff_t>(to));
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return out;
}

}  // namespace

Header read_header(Source const& source) {
  std::array<char, 8> start{};
  if (source.size < start.size()) throw broken(source, "it is too short for an npy array");
  source.read(start.data(), start.size());
  if (std::string_view(start.data(), magic.size()) != magic) throw broken(source, "it is not an npy array");
  int const version = static_cast<unsigned char>(start[6]);
  if (version < 1 || version > 3) throw broken(source, "its npy version " + std::to_string(version) + " is unknown");
  std::array<unsigned char, 4> length_bytes{};
  std::size_t const length_size = version == 1 ? 2 : 4;
  source.read(length_bytes.data(), length_size);
  std::size_t length = 0;
  for (std::size_t i = length_size; i-- > 0;) length = length << 8 | length_bytes[i];
  auto const before = start.size() + length_size;
  constexpr std::size_t longest = std::size_t{1} << 20;  // NumPy itself accepts 10,000
  if (length > source.size - before) throw broken(source, "its npy header is truncated");
  if (length > longest)
    throw broken(source, "its npy header of " + std::to_string(length) + " bytes is too long for any array");
  std::string text(length, '\0');
  source.read(text.data(), length);
  auto header = HeaderParser(source, text).parse();

  auto const item = header.item = item_size(source, header.descr);
  std::uint64_t const payload = source.size - before - length;
  if (item == 0) throw broken(source, "its dtype '" + header.descr + "' has no bytes");
  // Also of an empty array, whose other extents are arbitrary: readers multiply some of them.
  std::int64_t bytes = static_cast<std::int64_t>(item);
  for (auto const extent : header.shape)
    if (extent != 0 && __builtin_mul_overflow(bytes, extent, &bytes)) throw broken(source, "its shape is too large");
  bool const empty = std::find(header.shape.begin(), header.shape.end(), 0) != header.shape.end();
  auto const expected = empty ? 0 : static_cast<std::uint64_t>(bytes);
  if (expected != payload)
    throw broken(source, "its shape and dtype need " + std::to_string(expected) + " bytes, but it has " +
                             std::to_string(payload));
  header.payload = payload;
  return header;
}

std::string Header::native_descr() const {
  auto native = descr;
  if (native[0] == '>' || native[0] == '=') native[0] = '<';
  return native;
}

void Header::little_endian(std::vector<std::byte>& bytes) const {
  if (descr[0] == '>') swap_bytes(bytes, descr[1] == 'U' ? 4 : descr[1] == 'S' ? 1 : item);
}

NpyArray read_payload(Source const& source, Header const& header) {
  NpyArray array{header.native_descr(), header.shape,
                 room_for<std::byte>(header.payload, [&] { return source.description(); })};
  array.bytes.resize(static_cast<std::size_t>(header.payload));
  if (header.payload > 0) source.read(array.bytes.data(), array.bytes.size());
  header.little_endian(array.bytes);
  if (header.first_axis_fastest()) array.bytes = transposed(array.bytes, array.shape, header.item);
  return array;
}

std::string header(std::string const& dtype, std::vector<std::int64_t> const& shape) {
  std::string tuple;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) tuple += (axis > 0 ? ", " : "") + std::to_string(shape[axis]);
  if (shape.size() == 1) tuple += ",";
  std::string text = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (" + tuple + "), }";
  std::size_t const before = magic.size() + 4;
  text.append((alignment - (before + text.size() + 1) % alignment) % alignment, ' ');
  text += '\n';
  std::string out(magic);
  out += '\x01';
  out += '\0';
  out += static_cast<char>(text.size() & 0xff);
  out += static_cast<char>(text.size() >> 8);
  return out + text;
}

}  // namespace mambasynth::store::npy
