#include "store/hdf5_bytes.hpp"

namespace mambasynth::store::detail {
namespace {

constexpr std::string_view collection_signature("GCOL\1\0\0\0", 8);
constexpr std::uint64_t collection_head = 16, object_head = 16;

constexpr std::uint64_t padded(std::uint64_t size) { return (size + 7) / 8 * 8; }

/// Where the messages of a block of an object header begin and end.
struct Messages {
  std::uint64_t from = 0, to = 0;
};

std::optional<StoredAttribute::Kind> kind_of(std::string_view type) {
  constexpr unsigned fixed_point = 0, floating_point = 1, variable_length = 9;
  constexpr std::size_t head = 8;
  if (type.size() < head) return std::nullopt;
  auto const byte = [&](std::size_t at) { return static_cast<unsigned char>(type[at]); };
  auto const what = byte(0) & 0x0fu;
  auto const size = number_at<std::uint32_t>(type, 4);
  bool const little_endian = (byte(1) & 1u) == 0;
  if (what == fixed_point && size == 8 && little_endian && (byte(1) & 8u) != 0) return StoredAttribute::Kind::integer;
  if (what == floating_point && size == 8 && little_endian) return StoredAttribute::Kind::real;
  if (what == variable_length && size == 16 && (byte(1) & 0x0fu) == 1) return StoredAttribute::Kind::text;
  return std::nullopt;
}

/// From the content of an attribute message (IV.A.2.m).
std::optional<StoredAttribute> attribute_in(std::string_view message, std::uint64_t offset) {
  constexpr std::size_t head = 8;
  if (message.size() < head) return std::nullopt;
  auto const version = static_cast<unsigned char>(message[0]);
  if (version < 1 || version > 3 || message[1] != 0)
    return std::nullopt;  // 0: neither its type nor its space is shared
  auto const name_size = number_at<std::uint16_t>(message, 2), type_size = number_at<std::uint16_t>(message, 4),
             space_size = number_at<std::uint16_t>(message, 6);
  auto const room = [&](std::uint64_t size) { return version == 1 ? padded(size) : size; };
  std::uint64_t const name = head + (version == 3 ? 1u : 0u), type = name + room(name_size),
                      space = type + room(type_size), value = space + room(space_size);
  if (value > message.size() || space_size < 2 || message[space + 1] != 0) return std::nullopt;  // not a single value
  auto const kind = kind_of(message.substr(type, type_size));
  if (!kind) return std::nullopt;
  std::uint64_t const size = *kind == StoredAttribute::Kind::text ? 16 : 8;
  if (size > message.size() - value) return std::nullopt;
  auto const text = message.substr(name, name_size);
  return StoredAttribute{std::string(text.substr(0, text.find('\0'))), *kind, {offset + value, size}};
}

}  // namespace

std::optional<ObjectHeader> object_header(std::string_view bytes, std::uint64_t address) {
  constexpr std::uint64_t longest_prefix = 64, least_message = 8;
  constexpr unsigned attribute = 0x0c, attribute_info = 0x15, continuation = 0x10, shared = 0x02;
  auto const inside = [&](std::uint64_t offset, std::uint64_t length) {
    return offset <= bytes.size() && length <= bytes.size() - offset;
  };
  if (!inside(address, longest_prefix)) return std::nullopt;
  bool const second = bytes.substr(address, 4) == "OHDR";
  if (!second && bytes[address] != 1) return std::nullopt;
  // What stands around the messages: a signature before and a checksum after those of a continuation, in version 2.
  std::uint64_t const signature = second ? 4 : 0, checksum = second ? 4 : 0;
  std::uint64_t start = address, size = 0, before_message = 0, size_at = 0, flags_at = 0;
  if (second) {
    constexpr unsigned times = 0x20, phases = 0x10, tracked = 0x04, size_bits = 0x03;
    auto const flags = static_cast<unsigned char>(bytes[address + 5]);
    start += 6 + (flags & times ? 16u : 0u) + (flags & phases ? 4u : 0u);
    std::memcpy(&size, bytes.data() + start, std::size_t{1} << (flags & size_bits));
    start += std::uint64_t{1} << (flags & size_bits);
    before_message = 4 + (flags & tracked ? 2u : 0u);
    size_at = 1, flags_at = 3;
  } else {
    size = number_at<std::uint32_t>(bytes, address + 8);
    start += 16;
    before_message = 8;
    size_at = 2, flags_at = 4;
  }
  if (!inside(start, size) || !inside(start + size, checksum)) return std::nullopt;
  auto free = bytes.size() - size;  // blocks that overlap would let a small file keep this busy for hours, or forever
  ObjectHeader header;
  header.structure.push_back({address, start - address});
  std::vector<Messages> messages{{start, start + size}};
  for (std::size_t block = 0; block < messages.size(); ++block) {
    auto const [from, to] = messages[block];
    auto at = from;
    while (at + before_message <= to) {
      std::uint64_t const length = number_at<std::uint16_t>(bytes, at + size_at), content = at + before_message;
      if (length > to - content) return std::nullopt;
      auto const type = static_cast<unsigned char>(bytes[at]), flags = static_cast<unsigned char>(bytes[at + flags_at]);
      std::uint64_t same_to = content + length;
      if (type == attribute_info) return std::nullopt;  // attributes may be elsewhere
      if (type == attribute) {
        auto found = attribute_in(bytes.substr(content, length), content);
        if (!found || (flags & shared) != 0) return std::nullopt;
        same_to = found->value.offset;
        header.rest.push_back({same_to, content + length - same_to});
        header.attributes.push_back(std::move(*found));
      } else if (type == continuation && length >= 16) {
        auto const offset = number_at<std::uint64_t>(bytes, content),
                   whole = number_at<std::uint64_t>(bytes, content + 8);
        if (!inside(offset, whole) || whole < signature + checksum + least_message || whole > free) return std::nullopt;
        free -= whole;
        messages.push_back({offset + signature, offset + whole - checksum});
        header.structure.push_back({offset, signature});
      }
      header.structure.push_back({at, same_to - at});
      at = content + length;
    }
    header.rest.push_back({at, to + checksum - at});
  }
  return header;
}

std::vector<Extent> heaps(std::string_view bytes) {
  std::vector<Extent> found;
  for (auto at = bytes.find(collection_signature); at != std::string_view::npos && at + collection_head <= bytes.size();
       at = bytes.find(collection_signature, at + 1)) {
    auto const size = number_at<std::uint64_t>(bytes, at + collection_signature.size());
    if (size >= collection_head && size <= bytes.size() - at) found.push_back({at, size});
  }
  return found;
}

std::optional<std::string> text_of(std::string_view stored,
                                   std::function<std::string_view(std::uint64_t)> const& collection) {
  auto const length = number_at<std::uint32_t>(stored, 0), index = number_at<std::uint32_t>(stored, 12);
  auto const address = number_at<std::uint64_t>(stored, 4);
  if (length == 0) return std::string();
  auto const bytes = collection(address);
  if (bytes.size() < collection_head || !bytes.starts_with(collection_signature)) return std::nullopt;
  auto const end = number_at<std::uint64_t>(bytes, collection_signature.size());
  if (end > bytes.size()) return std::nullopt;
  constexpr unsigned most_objects = 65536;  // their numbers have 16 bits
  unsigned objects = 0;
  for (auto at = collection_head; at + object_head <= end && objects < most_objects; ++objects) {
    auto const number = number_at<std::uint16_t>(bytes, at);
    auto const size = number_at<std::uint64_t>(bytes, at + 8);
    if (number == 0 || size > end - at - object_head) return std::nullopt;  // 0: the free space at the end
    if (number == index) {
      if (length > size) return std::nullopt;
      auto const text = bytes.substr(at + object_head, length);
      return std::string(text.substr(0, text.find('\0')));
    }
    at += object_head + padded(size);
  }
  return std::nullopt;
}

}  // namespace mambasynth::store::detail
