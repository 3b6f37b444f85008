#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// HDF5 as h5py, xarray (netcdf4 and h5netcdf engines) and pandas expect it: attached and labeled dimension scales,
/// variable-length UTF-8 attributes, no bool enums. Element types: double, float, int64_t, int32_t, int8_t.
namespace mambasynth::store {

/// The attributes `long_name` and `units`; an empty one is omitted.
struct Meaning {
  std::string long_name;
  std::string units;
};

/// Attributes of a group, written in this order.
using AttributeValue = std::variant<std::string, std::int64_t, double>;
using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

/// Shuffle and deflate level 1 shrink simulated doubles by only 13 % and write them at 53 MB/s instead of 1.4 GB/s (one
/// core); integers shrink far more, and faster. `automatic` compresses data sets of 64 KiB and more, and streams of
/// integers but not of floating-point numbers. `repeats` deflates a stream of one axis whose chunks are mostly alike:
/// one that is the one before again costs nothing.
enum class Compression { automatic, none, deflate, repeats };

namespace detail {
struct File;
struct Growing;
enum class ElementType { f64, f32, i64, i32, i8 };

template <class T>
constexpr ElementType element_type() {
  if constexpr (std::is_same_v<T, double>) return ElementType::f64;
  else if constexpr (std::is_same_v<T, float>) return ElementType::f32;
  else if constexpr (std::is_same_v<T, std::int64_t>) return ElementType::i64;
  else if constexpr (std::is_same_v<T, std::int32_t>) return ElementType::i32;
  else {
    static_assert(std::is_same_v<T, std::int8_t>, "this element type has no HDF5 type");
    return ElementType::i8;
  }
}
}  // namespace detail

/// Appends rows to a data set whose first axis grows; created by Hdf5Writer::stream. Copies append to the same data
/// set. Memory: one chunk.
class Hdf5Stream {
 public:
  Hdf5Stream() = default;
  /// Any number of values of the stream's element type; rows must be complete when the file is closed.
  template <class T>
  void append(std::span<T const> values) {
    append_raw(detail::element_type<T>(), values.data(), values.size());
  }
  /// Rows appended so far.
  [[nodiscard]] std::uint64_t rows() const;

 private:
  friend class Hdf5Writer;
  Hdf5Stream(std::shared_ptr<detail::File> file, detail::Growing* growing);
  void append_raw(detail::ElementType type, void const* values, std::size_t count);
  std::shared_ptr<detail::File> file_;
  detail::Growing* growing_ = nullptr;  ///< inside *file_
};

/// Writes a new file; results are written through ResultFile. Creates missing parent groups. The same calls give the
/// same bytes (no time stamps). One thread at a time. Files are locked neither for writing nor for reading: a file
/// under a temporary name has one writer, committed files never change, and many NFS servers refuse locks. Tools that
/// do lock (h5py) need HDF5_USE_FILE_LOCKING=BEST_EFFORT there. Errors: errors::machine with the file's name and the
/// reason (e.g. no space left on device).
class Hdf5Writer {
 public:
  explicit Hdf5Writer(std::filesystem::path const& file);
  Hdf5Writer(Hdf5Writer&&) noexcept = default;
  Hdf5Writer& operator=(Hdf5Writer&&) noexcept = default;
  ~Hdf5Writer();  ///< closes without checking; call close() to see errors

  /// A one-dimensional data set that is the scale (coordinate) of a dimension; the last part of the path names the
  /// dimension.
  template <class T>
  void scale(std::string const& path, std::span<T const> values, Meaning const& meaning = {}) {
    scale_raw(path, type_of<T>(), values.data(), values.size(), meaning);
  }
  /// A scale of the `count` numbers first, first + stride, ... (int64).
  void counting_scale(std::string const& path, std::int64_t first, std::int64_t count, Meaning const& meaning = {},
                      std::int64_t stride = 1);
  /// A scale of strings (variable-length UTF-8).
  void text_scale(std::string const& path, std::vector<std::string> const& values, Meaning const& meaning = {});
  /// A data set of strings (variable-length UTF-8) over existing scales.
  void text_dataset(std::string const& path, std::vector<std::string> const& values,
                    std::vector<std::string> const& dims, Meaning const& meaning = {});
  /// A data set; `dims` holds the path of an existing scale for each axis, which gives its extent.
  /// Larger arrays are chunked and compressed (shuffle, deflate 1).
  template <class T>
  void dataset(std::string const& path, std::span<T const> values, std::vector<std::string> const& dims,
               Meaning const& meaning = {}, Compression compression = Compression::automatic) {
    dataset_raw(path, type_of<T>(), values.data(), values.size(), dims, meaning, compression);
  }
  /// A scalar data set.
  template <class T>
  void scalar(std::string const& path, T value, Meaning const& meaning = {}) {
    dataset_raw(path, type_of<T>(), &value, 1, {}, meaning, Compression::none);
  }
  /// A growing data set, filled by append(); the extents of all axes but the first come from their scales.
  /// A chunk has `chunk_rows` rows. dims[0]'s scale may be created after the last append; call attach_streams() then.
  template <class T>
  Hdf5Stream stream(std::string const& path, std::vector<std::string> const& dims, std::uint64_t chunk_rows,
                    Meaning const& meaning = {}, Compression compression = Compression::automatic) {
    return stream_raw(path, type_of<T>(), dims, chunk_rows, meaning, compression);
  }
  /// The same for the scale of the growing axis itself (e.g. `/time`).
  template <class T>
  Hdf5Stream stream_scale(std::string const& path, std::uint64_t chunk_rows, Meaning const& meaning = {}) {
    return stream_scale_raw(path, type_of<T>(), chunk_rows, meaning);
  }
  /// A data set of distinct words (variable-length UTF-8), to which the elements of word streams refer: a word is
  /// stored once however many rows have it. Once in a file.
  void words(std::string const& path, std::vector<std::string> const& values, Meaning const& meaning = {});
  /// A growing data set of strings, appended as their numbers in words() (int32_t); readers see ordinary
  /// variable-length strings. One axis. Compressed as streams with Compression::repeats are.
  Hdf5Stream word_stream(std::string const& path, std::string const& scale, std::uint64_t chunk_rows,
                         Meaning const& meaning = {});
  /// Writes what the streams still buffer and attaches their scales. close() does this too. Throws if a scale is
  /// missing or its length differs from the stream's number of rows.
  void attach_streams();

  void group(std::string const& path);
  /// Attributes of a group ("/" is the root) or data set.
  void attribute(std::string const& object, std::string const& name, std::string const& value);
  void attribute(std::string const& object, std::string const& name, char const* value) {
    attribute(object, name, std::string(value));
  }
  void attribute(std::string const& object, std::string const& name, std::int64_t value);
  void attribute(std::string const& object, std::string const& name, double value);

  /// Flushes and closes; throws if anything could not be written.
  void close();

  using Type = detail::ElementType;
  template <class T>
  static constexpr Type type_of() {
    return detail::element_type<T>();
  }

 private:
  void scale_raw(std::string const&, Type, void const*, std::size_t, Meaning const&);
  void dataset_raw(std::string const&, Type, void const*, std::size_t, std::vector<std::string> const&, Meaning const&,
                   Compression);
  Hdf5Stream stream_raw(std::string const&, Type, std::vector<std::string> const&, std::uint64_t, Meaning const&,
                        Compression);
  Hdf5Stream stream_scale_raw(std::string const&, Type, std::uint64_t, Meaning const&);
  std::shared_ptr<detail::File> file_;
};

/// A data set that Hdf5Reader::datasets() found.
struct Hdf5Dataset {
  std::string path;                 ///< the shortest; among equally short ones, the first in byte order
  std::vector<std::int64_t> shape;  ///< () for a single number
  std::string unusable;             ///< what it holds instead of numbers, e.g. "text"; empty for numbers
};

/// Whether the file has HDF5's signature at a permitted offset: 0, or after a user block (MATLAB 7.3 writes one) of
/// 512, 1024, 2048 ... bytes.
bool is_hdf5(std::filesystem::path const& file);

/// Reads any HDF5 file. Errors: errors::input naming the file, the object and what is wrong with it
/// (not HDF5, truncated, object missing, wrong rank or type).
class Hdf5Reader {
 public:
  explicit Hdf5Reader(std::filesystem::path const& file);
  ~Hdf5Reader();

  [[nodiscard]] bool exists(std::string const& path) const;
  [[nodiscard]] std::vector<std::int64_t> shape(std::string const& path) const;
  /// All values, converted to T, row-major. T: double, float, int64_t. Errors: errors::input if the conversion of an
  /// integer to double or int64_t is not exact, errors::machine if the values do not fit into memory.
  template <class T>
  [[nodiscard]] std::vector<T> read(std::string const& path) const;
  /// Rows first .. first + count - 1 along the first axis.
  template <class T>
  [[nodiscard]] std::vector<T> read_rows(std::string const& path, std::int64_t first, std::int64_t count) const;
  /// All values, for callers that use only differences of rows: 64-bit integers that double would round are shifted by
  /// the minimum of their column (last axis). Errors: errors::input if that is not enough.
  [[nodiscard]] std::vector<double> read_columns(std::string const& path) const;
  /// The strings of a variable-length data set, e.g. a text_scale.
  [[nodiscard]] std::vector<std::string> read_text(std::string const& path) const;
  /// Every data set, listed once regardless of the number of links to it, and every broken link. Follows links into
  /// other files. Reads no data.
  [[nodiscard]] std::vector<Hdf5Dataset> datasets() const;
  /// False for groups and for broken links.
  [[nodiscard]] bool is_dataset(std::string const& path) const;
  [[nodiscard]] Hdf5Dataset describe(std::string const& path) const;
  /// Whether it holds 64-bit integers, not all of which double can represent.
  [[nodiscard]] bool holds_wide_integers(std::string const& path) const;
  [[nodiscard]] bool has_attribute(std::string const& object, std::string const& name) const;
  [[nodiscard]] std::string text_attribute(std::string const& object, std::string const& name) const;
  [[nodiscard]] double number_attribute(std::string const& object, std::string const& name) const;
  [[nodiscard]] std::int64_t integer_attribute(std::string const& object, std::string const& name) const;
  /// All attributes of an object that hold one text or one number, in the order of the file; much faster than one by
  /// one.
  [[nodiscard]] Attributes attributes(std::string const& object) const;

 private:
  std::shared_ptr<detail::File> file_;
};

}  // namespace mambasynth::store
