#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mambasynth::store {

/// An array of a .npy or .npz file, as stored.
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

/// Reads every member of an .npz, or those named. Errors: errors::input (not a zip, truncated, not an npy member,
/// Fortran order is accepted and transposed, object arrays are refused).
std::map<std::string, NpyArray> read_npz(std::filesystem::path const& file, std::vector<std::string> const& names = {});
std::vector<std::string> npz_names(std::filesystem::path const& file);
NpyArray read_npy(std::filesystem::path const& file);

/// Writes a deflated .npz that NumPy opens, in the order of add(). The same content gives the same bytes. Members and
/// archives above 4 GiB become zip64. Errors: errors::machine with the file's name and the reason.
class NpzWriter {
 public:
  explicit NpzWriter(std::filesystem::path const& file);  ///< use with AtomicFile::temporary()
  ~NpzWriter();
  void add(std::string const& name, std::span<double const> values, std::vector<std::int64_t> const& shape);
  void add(std::string const& name, std::span<float const> values, std::vector<std::int64_t> const& shape);
  void add(std::string const& name, std::span<std::int64_t const> values, std::vector<std::int64_t> const& shape);
  /// Nothing is left to write by then: each add() completes the file, and throws when that fails.
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mambasynth::store
