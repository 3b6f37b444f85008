#include "store/known_layout.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "store/atomic_file.hpp"
#include "store/hdf5_file.hpp"

namespace mambasynth::store {
namespace {

using namespace detail;

template <class T>
T number_at(std::string_view bytes, std::uint64_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// A data set in one piece; size 0: chunked, compact, or without values.
struct Piece {
  std::string path;
  std::uint64_t offset = 0, size = 0;
  bool is_double = false;
  std::uint64_t values = 0;  ///< of its extents
};

Piece piece_of(hid_t file, std::string const& path) {
  DatasetHandle const dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT));
  if (!dataset) return {};
  PropertyHandle const creation(H5Dget_create_plist(dataset.get()));
  TypeHandle const type(H5Dget_type(dataset.get()));
  auto const offset = H5Dget_offset(dataset.get());
  SpaceHandle const space(H5Dget_space(dataset.get()));
  auto const values = H5Sget_simple_extent_npoints(space.get());
  Piece piece{path, 0, 0, H5Tequal(type.get(), H5T_IEEE_F64LE) > 0,
              values < 0 ? 0 : static_cast<std::uint64_t>(values)};
  if (H5Pget_layout(creation.get()) != H5D_CONTIGUOUS || H5Pget_external_count(creation.get()) != 0 ||
      offset == HADDR_UNDEF)
    return piece;
  piece.offset = offset;
  piece.size = H5Dget_storage_size(dataset.get());
  return piece;
}

herr_t collect(hid_t, char const* name, H5O_info_t const* info, void* all) {
  if (info->type == H5O_TYPE_DATASET) static_cast<std::vector<std::string>*>(all)->push_back("/" + std::string(name));
  return 0;
}

std::vector<Piece> pieces_of(hid_t file) {
  std::vector<std::string> paths;
  H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, collect, &paths);
  std::vector<Piece> pieces;
  for (auto const& path : paths) pieces.push_back(piece_of(file, path));
  return pieces;
}

/// Where the messages of a block of an object header begin and end.
struct Messages {
  std::uint64_t from = 0, to = 0;
};

using Block = std::pair<std::uint64_t, std::uint64_t>;  ///< offset, size

/// The blocks of an object header of either version (HDF5 File Format Specification, IV.A.1), by its continuation
/// messages. Empty if it is none: then the header is part of the layout.
std::vector<Block> header_blocks(std::string_view bytes, std::uint64_t address) {
  constexpr std::uint64_t longest_prefix = 64, least_message = 8;
  constexpr unsigned continuation = 0x10;
  if (address + longest_prefix > bytes.size()) return {};
  bool const second = bytes.substr(address, 4) == "OHDR";
  if (!second && bytes[address] != 1) return {};
  // What stands around the messages: a signature before and a checksum after those of a continuation, in version 2.
  std::uint64_t const signature = second ? 4 : 0, checksum = second ? 4 : 0;
  std::uint64_t start = address, size = 0, before_message = 0, size_at = 0;
  if (second) {
    constexpr unsigned times = 0x20, phases = 0x10, tracked = 0x04, size_bits = 0x03;
    auto const flags = static_cast<unsigned char>(bytes[address + 5]);
    start += 6 + (flags & times ? 16u : 0u) + (flags & phases ? 4u : 0u);
    std::memcpy(&size, bytes.data() + start, std::size_t{1} << (flags & size_bits));
    start += std::uint64_t{1} << (flags & size_bits);
    before_message = 4 + (flags & tracked ? 2u : 0u);
    size_at = 1;
  } else {
    size = number_at<std::uint32_t>(bytes, address + 8);
    start += 16;
    before_message = 8;
    size_at = 2;
  }
  auto const inside = [&](std::uint64_t offset, std::uint64_t length) {
    return offset <= bytes.size() && length <= bytes.size() - offset;
  };
  if (!inside(start, size + checksum)) return {};
  std::vector<Block> blocks{{address, start + size + checksum - address}};
  std::vector<Messages> messages{{start, start + size}};
  for (std::size_t block = 0; block < messages.size(); ++block) {
    auto const [from, to] = messages[block];
    for (auto at = from; at + before_message <= to;) {
      auto const length = number_at<std::uint16_t>(bytes, at + size_at);
      if (static_cast<unsigned char>(bytes[at]) == continuation && at + before_message + 16 <= to) {
        auto const offset = number_at<std::uint64_t>(bytes, at + before_message);
        auto const whole = number_at<std::uint64_t>(bytes, at + before_message + 8);
        bool const again = std::any_of(blocks.begin(), blocks.end(), [&](auto const& b) { return b.first == offset; });
        if (!inside(offset, whole) || whole < signature + checksum + least_message || again) return {};
        blocks.emplace_back(offset, whole);
        messages.push_back({offset + signature, offset + whole - checksum});
      }
      at += before_message + length;
    }
  }
  return blocks;
}

/// Collections of the global heap (ibid., III.E): texts of attributes and of text data sets.
std::vector<Block> heaps(std::string_view bytes) {
  constexpr std::string_view signature("GCOL\1\0\0\0", 8);
  std::vector<Block> found;
  for (auto at = bytes.find(signature); at != std::string_view::npos && at + 16 <= bytes.size();
       at = bytes.find(signature, at + 1)) {
    auto const size = number_at<std::uint64_t>(bytes, at + signature.size());
    if (size >= 16 && size <= bytes.size() - at) found.emplace_back(at, size);
  }
  return found;
}

bool read_all(int descriptor, char* to, std::uint64_t size, std::uint64_t from) {
  while (size > 0) {
    auto const got = ::pread(descriptor, to, size, static_cast<off_t>(from));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<std::uint64_t>(got);
    from += static_cast<std::uint64_t>(got);
  }
  return true;
}

}  // namespace

std::vector<KnownLayout::Extent> KnownLayout::merged(std::vector<Extent> extents, std::uint64_t gap) {
  std::sort(extents.begin(), extents.end(), [](auto const& a, auto const& b) { return a.offset < b.offset; });
  std::vector<Extent> all;
  for (auto const& extent : extents) {
    if (extent.size == 0) continue;
    if (!all.empty() && extent.offset <= all.back().end() + gap)
      all.back().size = std::max(all.back().end(), extent.end()) - all.back().offset;
    else all.push_back(extent);
  }
  return all;
}

std::optional<KnownLayout> KnownLayout::of(std::filesystem::path const& path, Wanted const& wanted) {
  if constexpr (std::endian::native != std::endian::little) return std::nullopt;
  auto const bytes = read_text(path);
  prepare_library();
  auto const access = access_without_lock();
  FileHandle const file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()));
  if (!file) return std::nullopt;
  KnownLayout layout;
  layout.file_size_ = bytes.size();
  auto const pieces = pieces_of(file.get());
  for (auto const& name : wanted.numbers) {
    auto const at = std::find_if(pieces.begin(), pieces.end(), [&](auto const& piece) { return piece.path == name; });
    if (at == pieces.end() || !at->is_double || at->size == 0 || at->size > bytes.size() ||
        at->offset > bytes.size() - at->size || at->size / sizeof(double) != at->values)
      return std::nullopt;
    layout.numbers_.push_back({at->offset, at->size});
    layout.count_ += at->size / sizeof(double);
  }
  std::vector<Extent> differing;
  for (auto const& piece : pieces)
    if (std::find(wanted.scales.begin(), wanted.scales.end(), piece.path) == wanted.scales.end())
      differing.push_back({piece.offset, piece.size});
  for (auto const& [offset, size] : heaps(bytes)) differing.push_back({offset, size});
  H5O_info_t info{};
  if (H5Oget_info_by_name(file.get(), wanted.facts.c_str(), &info, H5P_DEFAULT) < 0) return std::nullopt;
  for (auto const& [offset, size] : header_blocks(bytes, info.addr)) differing.push_back({offset, size});

  std::uint64_t from = 0;
  auto const keep = [&](std::uint64_t to) {
    if (to <= from) return;
    layout.same_.push_back({{from, to - from}, layout.bytes_.size()});
    layout.bytes_.insert(layout.bytes_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(from),
                         bytes.begin() + static_cast<std::ptrdiff_t>(to));
  };
  for (auto const& extent : merged(differing, 0)) {
    keep(std::min<std::uint64_t>(extent.offset, bytes.size()));
    from = extent.end();
  }
  keep(bytes.size());

  constexpr std::uint64_t cheaper_than_a_call = 16384;
  auto all = layout.numbers_;
  for (auto const& same : layout.same_) all.push_back(same.extent);
  layout.spans_ = merged(std::move(all), cheaper_than_a_call);
  return layout;
}

std::optional<std::vector<double>> KnownLayout::read(int descriptor) const {
  struct ::stat facts{};
  if (::fstat(descriptor, &facts) != 0 || static_cast<std::uint64_t>(facts.st_size) != file_size_) return std::nullopt;
  std::vector<std::uint64_t> starts;
  std::uint64_t total = 0;
  for (auto const& span : spans_) {
    starts.push_back(total);
    total += span.size;
  }
  auto const bytes = std::make_unique_for_overwrite<char[]>(total);
  for (std::size_t s = 0; s < spans_.size(); ++s)
    if (!read_all(descriptor, bytes.get() + starts[s], spans_[s].size, spans_[s].offset)) return std::nullopt;
  auto const place = [&](Extent const& extent) {
    auto const after = std::upper_bound(spans_.begin(), spans_.end(), extent.offset,
                                        [](std::uint64_t offset, Extent const& span) { return offset < span.offset; });
    auto const s = static_cast<std::size_t>(after - spans_.begin()) - 1;
    return bytes.get() + starts[s] + (extent.offset - spans_[s].offset);
  };
  for (auto const& same : same_)
    if (std::memcmp(place(same.extent), bytes_.data() + same.at, same.extent.size) != 0) return std::nullopt;
  std::vector<double> values(count_);
  auto* to = values.data();
  for (auto const& extent : numbers_) {
    std::memcpy(to, place(extent), extent.size);
    to += extent.size / sizeof(double);
  }
  return values;
}

}  // namespace mambasynth::store
