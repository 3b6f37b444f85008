#include <cstring>

#include "store/hdf5_file.hpp"

/// Data sets most of whose chunks are alike, such as the columns of a table that lists the same things again and again.
namespace mambasynth::store::detail {

Packing make_packing(File& file, std::string const& path, hsize_t rows, std::size_t element, Shuffle shuffle) {
  if (!file.filters) {
    PropertyHandle const access(H5Pcreate(H5P_FILE_ACCESS));
    written(H5Pset_fapl_core(access.get(), std::size_t{1} << 20, false), file, path);
    auto const name = file.path.string() + ".filters";  // no two open files may have the same one
    file.filters = FileHandle(written(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), file, path));
  }
  PropertyHandle const creation(H5Pcreate(H5P_DATASET_CREATE));
  written(H5Pset_chunk(creation.get(), 1, &rows), file, path);
  set_compression(creation.get(), shuffle);
  TypeHandle const type(written(H5Tcreate(H5T_OPAQUE, element), file, path));
  SpaceHandle const space(written(H5Screate_simple(1, &rows, nullptr), file, path));
  Packing packing;
  packing.dataset = DatasetHandle(
      written(H5Dcreate_anon(file.filters.get(), type.get(), space.get(), creation.get(), H5P_DEFAULT), file, path));
  return packing;
}

void write_packed(File const& file, Growing& to, std::uint64_t at, std::span<std::byte const> chunk,
                  std::uint64_t rows) {
  auto& packing = *to.packing;
  hsize_t const first = 0, offset = at, size = at + rows;
  bool const again =
      chunk.size() == packing.plain.size() && std::memcmp(chunk.data(), packing.plain.data(), chunk.size()) == 0;
  if (!again) {
    packing.plain.assign(chunk.begin(), chunk.end());
    TypeHandle const type(written(H5Dget_type(packing.dataset.get()), file, to.path));
    written(H5Dwrite(packing.dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, chunk.data()), file, to.path);
    written(H5Dflush(packing.dataset.get()), file, to.path);
    hsize_t bytes = 0;
    written(H5Dget_chunk_storage_size(packing.dataset.get(), &first, &bytes), file, to.path);
    packing.packed.resize(static_cast<std::size_t>(bytes));
    std::uint32_t skipped_filters = 0;
    written(H5Dread_chunk(packing.dataset.get(), H5P_DEFAULT, &first, &skipped_filters, packing.packed.data()), file,
            to.path);
    packing.skipped_filters = skipped_filters;
  }
  written(H5Dset_extent(to.dataset.get(), &size), file, to.path);
  written(H5Dwrite_chunk(to.dataset.get(), H5P_DEFAULT, packing.skipped_filters, &offset, packing.packed.size(),
                         packing.packed.data()),
          file, to.path);
}

}  // namespace mambasynth::store::detail
