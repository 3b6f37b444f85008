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

/// HDF5 as h5py, xarray (netcdf4 and h5netcdf engines) and pandas expect it: dimension scales attached and labelled,
/// variable-length UTF-8 attributes, no bool enums. Element types: double, float, int64_t, int32_t, int8_t.
namespace mambasynth::store {

/// `long_name` and `units` attributes; empty ones are left out.
struct Meaning {
  std::string long_name;
  std::string units;
};

/// Attributes of a group, written in this order.
using AttributeValue = std::variant<std::string, std::int64_t, double>;
using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

/// Shuffle and deflate 1 shrink simulated doubles by 13 % only and write them at 53 MB/s instead of 1.4 GB/s (one
/// core), whole numbers far more and faster. `automatic`: data sets of 64 KiB and more deflated; streams deflated when
/// they hold whole numbers, plain when they hold floating-point ones.
enum class Compression { automatic, none, deflate };

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
    static_assert(std::is_same_v<T, std::int8_t>, "no HDF5 type is chosen for this element type");
    return ElementType::i8;
  }
}
}  // namespace detail

/// Rows appended to a data set whose first axis grows; created by Hdf5Writer::stream. Copies append to the same data
/// set. Memory: one chunk.
class Hdf5Stream {
 public:
  Hdf5Stream() = default;
  /// Values of the stream's own element type; any number of them, so long as whole rows are there when it is closed.
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

/// Writes a new file. Use with AtomicFile::temporary(). Missing parent groups are made. The same calls give the same
/// bytes (no time stamps). One thread at a time. Files are neither locked for writing nor for reading: one writer works
/// under a temporary name, committed files never change, and many NFS servers refuse locks. Tools that do lock (h5py)
/// need HDF5_USE_FILE_LOCKING=BEST_EFFORT there.
/// Errors: errors::machine with the file's name and the reason (e.g. no space left on device).
class Hdf5Writer {
 public:
  explicit Hdf5Writer(std::filesystem::path const& file);
  Hdf5Writer(Hdf5Writer&&) noexcept = default;
  Hdf5Writer& operator=(Hdf5Writer&&) noexcept = default;
  ~Hdf5Writer();  ///< closes without checking; call close() to learn of errors

  /// A one-dimensional data set that is the scale (coordinate) of a dimension, named by the path's last part.
  template <class T>
  void scale(std::string const& path, std::span<T const> values, Meaning const& meaning = {}) {
    scale_raw(path, type_of<T>(), values.data(), values.size(), meaning);
  }
  /// The same that counts: `count` numbers first, first + stride, ... (int64).
  void counting_scale(std::string const& path, std::int64_t first, std::int64_t count, Meaning const& meaning = {},
                      std::int64_t stride = 1);
  /// The same with words as coordinates, variable-length UTF-8.
  void text_scale(std::string const& path, std::vector<std::string> const& values, Meaning const& meaning = {});
  /// Words over existing scales, variable-length UTF-8.
  void text_dataset(std::string const& path, std::vector<std::string> const& values,
                    std::vector<std::string> const& dims, Meaning const& meaning = {});
  /// A data set; `dims` holds the path of an existing scale per axis (the extents come from the scales).
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
  /// `chunk_rows` rows a chunk. dims[0]'s scale may be created after the last append; call attach_streams() then.
  template <class T>
  Hdf5Stream stream(std::string const& path, std::vector<std::string> const& dims, std::uint64_t chunk_rows,
                    Meaning const& meaning = {}, Compression compression = Compression::automatic) {
    return stream_raw(path, type_of<T>(), dims, chunk_rows, meaning, compression);
  }
  /// Same, for the scale of the growing axis itself (e.g. `/time`).
  template <class T>
  Hdf5Stream stream_scale(std::string const& path, std::uint64_t chunk_rows, Meaning const& meaning = {}) {
    return stream_scale_raw(path, type_of<T>(), chunk_rows, meaning);
  }
  /// Writes what the streams still hold and attaches their scales; close() does it too, and throws when a scale is
  /// missing or has another length than the stream has rows.
  void attach_streams();

  void group(std::string const& path);
  /// Attributes of a group ("/" is the root) or data set.
  void attribute(std::string const& object, std::string const& name, std::string const& value);
  void attribute(std::string const& object, std::string const& name, char const* value) {
    attribute(object, name, std::string(value));
  }
  void attribute(std::string const& object, std::string const& name, std::int64_t value);
  void attribute(std::string const& object, std::string const& name, double value);

  /// Flushes and closes; throws when anything could not be written.
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
  std::string path;                 ///< the shortest, then the first in the order of bytes
  std::vector<std::int64_t> shape;  ///< () of a single number
  std::string unusable;             ///< what it holds instead of numbers, e.g. "text"; empty: numbers
};

/// Whether HDF5's signature is where it may be: at the start, or behind a user block (MATLAB 7.3 writes one) of 512,
/// 1024, 2048 ... bytes.
bool is_hdf5(std::filesystem::path const& file);

/// Reads any HDF5 file. Errors: errors::input naming the file, the object and what is wrong with it
/// (not HDF5, truncated, object missing, wrong rank or type).
class Hdf5Reader {
 public:
  explicit Hdf5Reader(std::filesystem::path const& file);
  ~Hdf5Reader();

  [[nodiscard]] bool exists(std::string const& path) const;
  [[nodiscard]] std::vector<std::int64_t> shape(std::string const& path) const;
  /// All values, converted to T, row-major. T: double, float, int64_t. Errors: errors::input where the conversion to
  /// double or int64_t is not exact for an integer or a whole number, errors::machine where they do not fit into
  /// memory.
  template <class T>
  [[nodiscard]] std::vector<T> read(std::string const& path) const;
  /// Rows first .. first + count - 1 along the first axis.
  template <class T>
  [[nodiscard]] std::vector<T> read_rows(std::string const& path, std::int64_t first, std::int64_t count) const;
  /// All values for what looks at differences of rows only: 64-bit integers that double precision would round are
  /// moved, column by column (the last axis), by the least of their column. Errors: errors::input where that is not
  /// enough.
  [[nodiscard]] std::vector<double> read_columns(std::string const& path) const;
  /// Words of a variable-length text data set, e.g. a text_scale.
  [[nodiscard]] std::vector<std::string> read_text(std::string const& path) const;
  /// Every data set, once however many links lead to it, and links that lead to nothing; links into other files are
  /// followed. No data are read.
  [[nodiscard]] std::vector<Hdf5Dataset> datasets() const;
  /// False for groups, and for links that lead to nothing.
  [[nodiscard]] bool is_dataset(std::string const& path) const;
  [[nodiscard]] Hdf5Dataset describe(std::string const& path) const;
  /// Integers of 64 bits, of which double holds a part only.
  [[nodiscard]] bool holds_wide_integers(std::string const& path) const;
  [[nodiscard]] bool has_attribute(std::string const& object, std::string const& name) const;
  [[nodiscard]] std::string text_attribute(std::string const& object, std::string const& name) const;
  [[nodiscard]] double number_attribute(std::string const& object, std::string const& name) const;
  [[nodiscard]] std::int64_t integer_attribute(std::string const& object, std::string const& name) const;

 private:
  std::shared_ptr<detail::File> file_;
};

}  // namespace mambasynth::store
