#pragma once

#include <cstdint>
#include <filesystem>

#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::store {

/// The only way to write a result in HDF5. The file appears complete or not at all (AtomicFile) and states the version
/// of its layout, `schema_version`, at the root. The caller provides only the content, through h5(). Errors of all
/// members: errors::machine, as in AtomicFile and Hdf5Writer.
class ResultFile {
 public:
  ResultFile(std::filesystem::path file, std::int64_t schema_version);

  [[nodiscard]] Hdf5Writer& h5() noexcept { return h5_; }
  /// Attributes of the group /provenance: where the result comes from. May be called more than once.
  void provenance(Attributes const& attributes);
  /// Writes everything to the temporary file. Call it first if several files must appear together.
  void close();
  /// Closes the file if necessary and moves it to its place.
  void commit();

 private:
  AtomicFile target_;
  Hdf5Writer h5_;
  bool open_ = true;
};

}  // namespace mambasynth::store
