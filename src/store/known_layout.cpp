#include "store/known_layout.hpp"

#include <fcntl.h>
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
#include "store/hdf5_bytes.hpp"
#include "store/hdf5_file.hpp"

namespace mambasynth::store {
namespace {

using namespace detail;

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

class OpenDescriptor {
 public:
  explicit OpenDescriptor(std::filesystem::path const& file)
      : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}
  OpenDescriptor(OpenDescriptor const&) = delete;
  OpenDescriptor& operator=(OpenDescriptor const&) = delete;
  ~OpenDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

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
  auto const texts = heaps(bytes);
  differing.insert(differing.end(), texts.begin(), texts.end());
  H5O_info_t info{};
  if (H5Oget_info_by_name(file.get(), wanted.facts.c_str(), &info, H5P_DEFAULT) < 0) return std::nullopt;
  auto const header = object_header(bytes, info.addr);
  if (!header) return std::nullopt;
  differing.insert(differing.end(), header->rest.begin(), header->rest.end());
  layout.facts_ = header->attributes;

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

  Hdf5Reader const reader(path);
  for (auto const& name : wanted.names) {
    if (!reader.exists(name)) continue;
    auto const at = std::find_if(pieces.begin(), pieces.end(), [&](auto const& piece) { return piece.path == name; });
    auto const known = reader.read_text(name);
    if (at == pieces.end() || at->size != known.size() * sizeof(StoredWord) || at->size > bytes.size() ||
        at->offset > bytes.size() - at->size)
      return std::nullopt;
    for (std::size_t i = 0; i < known.size(); ++i)
      layout.names_.emplace_back(Extent{at->offset + i * sizeof(StoredWord), sizeof(StoredWord)}, known[i]);
  }

  constexpr std::size_t most_texts = 4096;  // each is searched for in its collection
  if (layout.facts_.size() + layout.names_.size() > most_texts) return std::nullopt;
  constexpr std::uint64_t cheaper_than_a_call = 16384;
  auto all = layout.numbers_;
  for (auto const& same : layout.same_) all.push_back(same.extent);
  for (auto const& fact : layout.facts_) all.push_back(fact.value);
  for (auto const& [stored, text] : layout.names_) all.push_back(stored);
  all.insert(all.end(), texts.begin(), texts.end());
  layout.spans_ = merged(std::move(all), cheaper_than_a_call);
  for (auto const& span : layout.spans_)
    if (span.end() > bytes.size()) return std::nullopt;

  OpenDescriptor const own(path);
  auto const found = layout.read(own.get());
  if (!found || found->facts != reader.attributes(wanted.facts)) return std::nullopt;
  return layout;
}

std::optional<KnownLayout::Values> KnownLayout::read(int descriptor) const {
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
  auto const span_at = [&](std::uint64_t offset) {
    auto const after = std::upper_bound(spans_.begin(), spans_.end(), offset,
                                        [](std::uint64_t wanted, Extent const& span) { return wanted < span.offset; });
    return static_cast<std::size_t>(after - spans_.begin());
  };
  auto const place = [&](Extent const& extent) {
    auto const s = span_at(extent.offset) - 1;
    return std::string_view(bytes.get() + starts[s] + (extent.offset - spans_[s].offset), extent.size);
  };
  for (auto const& same : same_)
    if (std::memcmp(place(same.extent).data(), bytes_.data() + same.at, same.extent.size) != 0) return std::nullopt;
  auto const collection = [&](std::uint64_t offset) {
    auto const s = span_at(offset);
    return s == 0 || offset >= spans_[s - 1].end() ? std::string_view() : place({offset, spans_[s - 1].end() - offset});
  };
  for (auto const& [stored, text] : names_)
    if (text_of(place(stored), collection) != text) return std::nullopt;
  Values found;
  for (auto const& [name, kind, value] : facts_) {
    using enum StoredAttribute::Kind;
    auto const stored = place(value);
    if (kind == integer) found.facts.emplace_back(name, number_at<std::int64_t>(stored, 0));
    else if (kind == real) found.facts.emplace_back(name, number_at<double>(stored, 0));
    else if (auto written = text_of(stored, collection)) found.facts.emplace_back(name, std::move(*written));
    else return std::nullopt;
  }
  found.numbers.resize(count_);
  auto* to = found.numbers.data();
  for (auto const& extent : numbers_) {
    std::memcpy(to, place(extent).data(), extent.size);
    to += extent.size / sizeof(double);
  }
  return found;
}

}  // namespace mambasynth::store
