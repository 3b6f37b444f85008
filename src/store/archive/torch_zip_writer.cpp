#include "store/archive/torch_zip_writer.hpp"

#include <array>

namespace mambasynth::store::archive {
namespace {

/// Record signatures, flags and field widths: PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3.
constexpr std::uint32_t local_signature = 0x04034b50, descriptor_signature = 0x08074b50, central_signature = 0x02014b50,
                        end64_signature = 0x06064b50, locator64_signature = 0x07064b50, end_signature = 0x06054b50;
constexpr std::uint16_t flags = 0x0808;       // sizes follow the data; names are UTF-8
constexpr std::uint16_t padding_id = 0x4246;  // "FB", as in torch
constexpr std::uint16_t zip64_id = 1;
constexpr std::uint16_t zip64_version = 45;
constexpr std::uint64_t large = 0xffffffff;
constexpr std::uint64_t many = 0xffff;
constexpr std::uint64_t local_header_bytes = 30, extra_header_bytes = 4;

class Record {
 public:
  Record& u16(std::uint64_t value) { return put(value, 2); }
  Record& u32(std::uint64_t value) { return put(value, 4); }
  Record& u64(std::uint64_t value) { return put(value, 8); }
  Record& text(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  [[nodiscard]] std::string const& bytes() const { return bytes_; }

 private:
  Record& put(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  std::string bytes_;
};

/// CRC-32 of zip: polynomial 0x04c11db7, bits reflected. Eight bytes per step (Kounavis and Berry 2005).
class Crc32 {
 public:
  Crc32() {
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0u);
      tables_[0][i] = value;
    }
    for (std::size_t table = 1; table < tables_.size(); ++table)
      for (std::size_t i = 0; i < 256; ++i)
        tables_[table][i] = tables_[table - 1][i] >> 8 ^ tables_[0][tables_[table - 1][i] & 0xff];
  }
  [[nodiscard]] std::uint32_t of(std::string_view data) const {
    std::uint32_t crc = ~0u;
    auto const at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(data[i])); };
    for (; data.size() >= 8; data.remove_prefix(8)) {
      crc ^= at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24;
      crc = tables_[7][crc & 0xff] ^ tables_[6][crc >> 8 & 0xff] ^ tables_[5][crc >> 16 & 0xff] ^
            tables_[4][crc >> 24] ^ tables_[3][at(4)] ^ tables_[2][at(5)] ^ tables_[1][at(6)] ^ tables_[0][at(7)];
    }
    for (std::size_t i = 0; i < data.size(); ++i) crc = crc >> 8 ^ tables_[0][(crc ^ at(i)) & 0xff];
    return ~crc;
  }

 private:
  std::array<std::array<std::uint32_t, 256>, 8> tables_{};
};

/// Sizes and offsets that do not fit into 32 bits.
std::string zip64_extra(std::uint64_t size, std::uint64_t offset) {
  Record fields;
  if (size >= large) fields.u64(size).u64(size);
  if (offset >= large) fields.u64(offset);
  if (fields.bytes().empty()) return {};
  return Record().u16(zip64_id).u16(fields.bytes().size()).text(fields.bytes()).bytes();
}

std::uint64_t clamped(std::uint64_t value, std::uint64_t most) { return value < most ? value : most; }

}  // namespace

void TorchZipWriter::add(std::string const& name, std::string_view data) {
  static Crc32 const crc32;
  Member const member{name, out_.position(), data.size(), crc32.of(data)};
  auto extra = zip64_extra(member.size, member.offset);
  auto const unpadded = member.offset + local_header_bytes + name.size() + extra.size() + extra_header_bytes;
  auto const padding = (alignment - unpadded % alignment) % alignment;
  extra += Record().u16(padding_id).u16(padding).text(std::string(padding, 'Z')).bytes();
  out_.write(Record()
                 .u32(local_signature)
                 .u16(0)
                 .u16(flags)
                 .u16(0)  // stored
                 .u32(0)  // no time stamp
                 .u32(0)  // checksum and sizes follow the data
                 .u32(0)
                 .u32(0)
                 .u16(name.size())
                 .u16(extra.size())
                 .text(name)
                 .text(extra)
                 .bytes());
  out_.write(data);
  Record descriptor;
  descriptor.u32(descriptor_signature).u32(member.checksum);
  if (member.size >= large || member.offset >= large) descriptor.u64(member.size).u64(member.size);
  else descriptor.u32(member.size).u32(member.size);
  out_.write(descriptor.bytes());
  members_.push_back(member);
}

std::vector<std::uint32_t> TorchZipWriter::checksums() const {
  std::vector<std::uint32_t> all;
  for (auto const& member : members_) all.push_back(member.checksum);
  return all;
}

void TorchZipWriter::close() {
  auto const directory = out_.position();
  for (auto const& member : members_) {
    auto const extra = zip64_extra(member.size, member.offset);
    out_.write(Record()
                   .u32(central_signature)
                   .u16(0)
                   .u16(extra.empty() ? 0 : zip64_version)
                   .u16(flags)
                   .u16(0)
                   .u32(0)
                   .u32(member.checksum)
                   .u32(clamped(member.size, large))
                   .u32(clamped(member.size, large))
                   .u16(member.name.size())
                   .u16(extra.size())
                   .u16(0)  // comment
                   .u16(0)  // disk
                   .u16(0)  // internal attributes
                   .u32(0)  // external attributes
                   .u32(clamped(member.offset, large))
                   .text(member.name)
                   .text(extra)
                   .bytes());
  }
  auto const end = out_.position();
  out_.write(Record()
                 .u32(end64_signature)
                 .u64(44)  // bytes that follow in this record
                 .u16(0x031e)
                 .u16(zip64_version)
                 .u32(0)
                 .u32(0)
                 .u64(members_.size())
                 .u64(members_.size())
                 .u64(end - directory)
                 .u64(directory)
                 .bytes());
  out_.write(Record().u32(locator64_signature).u32(0).u64(end).u32(1).bytes());
  out_.write(Record()
                 .u32(end_signature)
                 .u16(0)
                 .u16(0)
                 .u16(clamped(members_.size(), many))
                 .u16(clamped(members_.size(), many))
                 .u32(clamped(end - directory, large))
                 .u32(clamped(directory, large))
                 .u16(0)
                 .bytes());
  out_.close();
}

}  // namespace mambasynth::store::archive
