#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mambasynth::store {

/// An array from a .npy or .npz file, as stored.
struct NpyArray {
  std::string dtype;  ///< NumPy's descr: "<f8", "<f4", "<i8", "<i4", "|b1", "<U30", ...
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;  ///< row-major, little-endian

  [[nodiscard]] std::int64_t size() const;
  /// Values converted to T (double, float, int64_t) from any numeric dtype; errors::input for text or objects.
  template <class T>
  [[nodiscard]] std::vector<T> as() const;
  /// Values of a "<U.." array.
  [[nodiscard]] std::vector<std::string> as_text() const;
};

namespace npy {
struct Source;
struct Header;
}  // namespace npy

/// An array of which only the header has been read. Move-only.
class StoredArray {
 public:
  explicit StoredArray(npy::Source source);
  StoredArray(StoredArray&&) noexcept;
  StoredArray& operator=(StoredArray&&) noexcept;
  ~StoredArray();

  [[nodiscard]] std::string const& dtype() const;  ///< as in NpyArray
  [[nodiscard]] std::vector<std::int64_t> const& shape() const;
  [[nodiscard]] bool numbers() const;  ///< else text
  [[nodiscard]] bool holds_wide_integers() const { return dtype() == "<i8" || dtype() == "<u8"; }
  /// Fortran order: the file's order of values is not the row-major one.
  [[nodiscard]] bool first_axis_fastest() const;

  /// All values, row-major, converted to T (double, float, int64_t) while they are decoded, so memory holds them only
  /// once. Errors: as NpyArray::as, and errors::machine if they do not fit into memory.
  template <class T>
  [[nodiscard]] std::vector<T> read() &&;
  /// The next values in the file's order.
  template <class T>
  void next(std::span<T> into);
  /// All values, for callers that use only differences; see Hdf5Reader::read_columns.
  [[nodiscard]] std::vector<double> read_columns() &&;
  [[nodiscard]] NpyArray whole() &&;

 private:
  std::unique_ptr<npy::Source> source_;
  std::unique_ptr<npy::Header> header_;
  std::string dtype_;
};

/// Reads arrays one by one. Errors: errors::input (not a zip, truncated, damaged).
class NpzReader {
 public:
  explicit NpzReader(std::filesystem::path file);
  NpzReader(NpzReader&&) noexcept;
  ~NpzReader();

  /// All members in the archive's order, without the suffix ".npy"; includes files that are not arrays.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] bool has(std::string const& name) const;
  /// Errors: errors::input (no such member, not an array, object arrays, types other than plain values).
  [[nodiscard]] StoredArray open(std::string const& name) const;

 private:
  struct Impl;
  std::shared_ptr<Impl const> impl_;
};

StoredArray open_npy(std::filesystem::path const& file);

/// Reads every member of an .npz, or only those in `names`. Errors: errors::input (not a zip, truncated, not an npy
/// member, object arrays); Fortran order is transposed.
std::map<std::string, NpyArray> read_npz(std::filesystem::path const& file, std::vector<std::string> const& names = {});
NpyArray read_npy(std::filesystem::path const& file);

/// Writes a deflated .npz that NumPy opens, in the order of add(). The same content gives the same bytes. Members and
/// archives above 4 GiB use zip64. Errors: errors::machine with the file's name and the reason.
class NpzWriter {
 public:
  explicit NpzWriter(std::filesystem::path const& file,
                     std::function<void(double)> written = {});  ///< use with AtomicFile::temporary()
  ~NpzWriter();
  void add(std::string const& name, std::span<double const> values, std::vector<std::int64_t> const& shape);
  void add(std::string const& name, std::span<float const> values, std::vector<std::int64_t> const& shape);
  void add(std::string const& name, std::span<std::int64_t const> values, std::vector<std::int64_t> const& shape);
  /// Ends the writing. Writes nothing itself: each add() completes the file and throws if that fails.
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mambasynth::store
