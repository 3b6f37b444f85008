#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "errors/printable.hpp"
#include "store/hdf5.hpp"
#include "store/hdf5_file.hpp"

/// Columns of strings with few distinct values. HDF5 would store the text of each element (50 bytes and 300 ns per
/// element); here elements refer to texts that are stored once, which readers cannot tell from the usual way.
namespace mambasynth::store {
namespace detail {

TypeHandle utf8_type(File const& file, std::string const& path) {
  TypeHandle type(written(H5Tcopy(H5T_C_S1), file, path));
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

std::vector<std::byte> stored_words(File const& file, Growing const& to, std::byte const* numbers, std::uint64_t rows) {
  std::vector<std::byte> chunk(static_cast<std::size_t>(to.chunk[0]) * sizeof(StoredWord));
  for (std::size_t row = 0; row < rows; ++row) {
    std::int32_t number = 0;
    std::memcpy(&number, numbers + row * sizeof number, sizeof number);
    std::memcpy(chunk.data() + row * sizeof(StoredWord), file.words.at(static_cast<std::size_t>(number)).data(),
                sizeof(StoredWord));
  }
  return chunk;
}

namespace {

DatasetHandle create_texts(File const& file, std::string const& path, hsize_t extent, hsize_t most, hsize_t chunk,
                           bool repeats) {
  if (link_exists(file.handle.get(), path)) throw refusal(file, path, "it has been written already");
  make_parents(file, path);
  auto const type = utf8_type(file, path);
  SpaceHandle const space(written(H5Screate_simple(1, &extent, &most), file, path));
  PropertyHandle const creation(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(creation.get(), false);
  written(H5Pset_chunk(creation.get(), 1, &chunk), file, path);
  if (repeats) set_compression(creation.get(), Shuffle::no);
  return DatasetHandle(written(
      H5Dcreate2(file.handle.get(), path.c_str(), type.get(), space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
      file, path));
}

}  // namespace
}  // namespace detail

using namespace detail;

void Hdf5Writer::words(std::string const& path, std::vector<std::string> const& values, Meaning const& meaning) {
  auto& file = *file_;
  auto const count = std::max<std::size_t>(values.size(), 1);
  if (!file.words.empty()) throw refusal(file, path, "the file has words already");
  auto dataset = create_texts(file, path, values.size(), values.size(), count, false);
  std::vector<std::string> valid;
  for (auto const& value : values) valid.push_back(errors::valid_utf8(value));
  std::vector<char const*> texts;
  for (auto const& value : valid) texts.push_back(value.c_str());
  auto const type = utf8_type(file, path);
  write_meaning(file, dataset.get(), path, meaning);
  if (!values.empty()) {
    written(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()), file, path);
    written(H5Dflush(dataset.get()), file, path);
    if (H5Dget_storage_size(dataset.get()) != count * sizeof(StoredWord))
      throw refusal(file, path, "HDF5 stores strings in another way than this program knows");
    file.words.resize(count);
    hsize_t const first = 0;
    std::uint32_t filters = 0;
    written(H5Dread_chunk(dataset.get(), H5P_DEFAULT, &first, &filters, file.words.data()), file, path);
  }
  close_dataset(file, dataset, path);
}

Hdf5Stream Hdf5Writer::word_stream(std::string const& path, std::string const& scale, std::uint64_t chunk_rows,
                                   Meaning const& meaning) {
  auto& file = *file_;
  Growing growing;
  growing.path = path;
  growing.dims = {scale};
  growing.type = ElementType::i32;
  growing.row_bytes = size_of(growing.type);
  growing.refers_to_words = true;
  growing.chunk = {std::max<std::uint64_t>(chunk_rows, 1)};
  growing.dataset = create_texts(file, path, 0, H5S_UNLIMITED, growing.chunk[0], true);
  growing.packing = make_packing(file, path, growing.chunk[0], sizeof(StoredWord), Shuffle::no);
  write_meaning(file, growing.dataset.get(), path, meaning);
  return {file_, &file.growing.emplace_back(std::move(growing))};
}

}  // namespace mambasynth::store
