#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "errors/errors.hpp"
#include "store/hdf5.hpp"
#include "store/hdf5_handle.hpp"

/// Private to this folder: an open HDF5 file and how its failures are reported.
namespace mambasynth::store::detail {

/// Compressed chunks of a data set of which many are alike: a chunk that is the one before again is not compressed
/// again.
struct Packing {
  DatasetHandle dataset;                 ///< in File::filters
  std::vector<std::byte> plain, packed;  ///< of the last chunk
  std::uint32_t skipped_filters = 0;     ///< as HDF5 counts them
};

/// A data set that grows. Complete chunks go to the file; the remaining rows are kept here.
struct Growing {
  std::string path;
  std::vector<std::string> dims;  ///< scale of each axis; empty for a scale itself
  ElementType type{};
  std::vector<hsize_t> chunk;  ///< rows first
  std::size_t row_bytes = 0;
  DatasetHandle dataset;
  bool refers_to_words = false;    ///< rows are numbers of File::words, the data set holds strings
  std::optional<Packing> packing;  ///< if chunks repeat
  std::uint64_t rows_written = 0;  ///< whole chunks only
  std::vector<std::byte> pending;

  [[nodiscard]] std::uint64_t rows() const { return rows_written + pending.size() / row_bytes; }
  [[nodiscard]] std::size_t chunk_bytes() const { return static_cast<std::size_t>(chunk[0]) * row_bytes; }
};

/// A string as a file stores it: its length and its place in the global heap.
using StoredWord = std::array<std::byte, 16>;

struct File {
  std::filesystem::path path;
  std::vector<StoredWord> words;  ///< written by Hdf5Writer::words
  FileHandle handle;
  FileHandle filters;           ///< a file in memory: HDF5 offers its filters only as part of a data set
  std::deque<Growing> growing;  ///< a deque: streams keep pointers into it; closed before the file
  int descriptor = -1;          ///< of a file that is being written
  mutable bool abandoned = false;

  /// After a failed write: frees the file's space, so HDF5 can flush what it still caches. If that flush fails, too,
  /// HDF5 1.10 frees the object, keeps its identifier, and crashes at the next use or at exit. The file is lost anyway.
  void abandon() const noexcept;
};

/// Call once in each thread that opens a file. Keeps HDF5 from printing error stacks and, after a failed close, from
/// crashing in its exit handler (owners close all files here).
void prepare_library();

/// Why the last HDF5 call failed: the operating system's message in its error stack, otherwise the innermost entry.
/// Call it before any other HDF5 function.
std::string reason();

/// The last HDF5 call failed while writing; the file is abandoned.
errors::Error write_error(File const& file, std::string const& object);
/// The caller asked for something that cannot be written; the file is unchanged.
errors::Error refusal(File const& file, std::string const& object, std::string const& why);
errors::Error read_error(File const& file, std::string const& object, std::string const& why = reason());

/// Returns `id`; throws a write_error if it is negative.
template <class Id>
Id written(Id id, File const& file, std::string const& object) {
  if (id < 0) throw write_error(file, object);
  return id;
}

/// Number of elements, each of `element` bytes. Refuses extents that the file cannot hold, because a damaged header
/// must not exhaust memory.
std::size_t plausible_size(File const& file, std::vector<hsize_t> const& extents, std::size_t element,
                           std::string const& path);

/// Refuses chunks that the file cannot hold: HDF5 reads a chunk as a whole, however few of its values there are.
void require_plausible_chunks(File const& file, hid_t dataset, std::string const& path);

/// Whether every link of the path exists; the last one may be broken.
bool link_exists(hid_t file, std::string const& path);

std::size_t size_of(ElementType type);
hid_t memory_type(ElementType type);
hid_t file_type(ElementType type);  ///< little-endian

/// The type of variable-length UTF-8 strings.
TypeHandle utf8_type(File const& file, std::string const& path);
/// What a word stream stores for `rows` of its rows, padded to a chunk.
std::vector<std::byte> stored_words(File const& file, Growing const& to, std::byte const* numbers, std::uint64_t rows);

/// HDF5 has no shuffle for strings of variable length.
enum class Shuffle { no, yes };
/// Deflate level 1, of all compressed data sets.
void set_compression(hid_t creation, Shuffle shuffle);
/// For chunks of `rows` elements of `element` bytes.
Packing make_packing(File& file, std::string const& path, hsize_t rows, std::size_t element, Shuffle shuffle);
/// Writes one whole chunk, of which `rows` rows from row `at` on count.
void write_packed(File const& file, Growing& to, std::uint64_t at, std::span<std::byte const> chunk,
                  std::uint64_t rows);

/// HDF5 1.10 locks files with flock, which many NFS servers refuse. Files under temporary names have one writer and
/// committed ones never change, so neither needs a lock.
PropertyHandle access_without_lock();

/// Attaches and labels the scale of each axis.
void attach_scales(File const& file, hid_t dataset, std::string const& path, std::vector<std::string> const& dims);
/// Turns a data set into a scale named after the last part of its path.
void make_scale(File const& file, hid_t dataset, std::string const& path);
std::string last_part(std::string const& path);
/// Length of a scale.
std::uint64_t scale_length(File const& file, std::string const& scale, std::string const& of);
DatasetHandle create_dataset(File const& file, std::string const& path, ElementType type,
                             std::vector<hsize_t> const& dims, std::vector<hsize_t> const& chunk, bool grows,
                             bool deflated);
void write_meaning(File const& file, hid_t dataset, std::string const& path, Meaning const& meaning);
void write_text(File const& file, hid_t object, std::string const& path, std::string const& name,
                std::string const& value);
void make_parents(File const& file, std::string const& path);
/// Flushes first, because H5Dclose must not fail (see File::abandon).
void close_dataset(File const& file, DatasetHandle& dataset, std::string const& path);

void append(File& file, Growing& to, std::byte const* values, std::size_t count);
void flush(File& file, Growing& to);

}  // namespace mambasynth::store::detail
