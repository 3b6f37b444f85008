#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "errors/printable.hpp"
#include "store/hdf5.hpp"
#include "store/hdf5_file.hpp"

/// Data sets and scales that hold strings.
namespace mambasynth::store {
namespace {

using namespace detail;

DatasetHandle write_texts(File const& file, std::string const& path, std::vector<std::string> const& values,
                          std::vector<hsize_t> const& extents) {
  if (link_exists(file.handle.get(), path)) throw refusal(file, path, "it has already been written");
  make_parents(file, path);
  auto const type = utf8_type(file, path);
  SpaceHandle space(written(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), file, path));
  PropertyHandle creation(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(creation.get(), false);
  DatasetHandle dataset(written(
      H5Dcreate2(file.handle.get(), path.c_str(), type.get(), space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
      file, path));
  std::vector<std::string> valid;
  for (auto const& value : values) valid.push_back(errors::valid_utf8(value));
  std::vector<char const*> texts;
  for (auto const& value : valid) texts.push_back(value.c_str());
  written(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()), file, path);
  return dataset;
}

/// The indices of `count` elements from number `first` on: (element, axis).
std::vector<hsize_t> places_of(std::size_t first, std::size_t count, std::vector<hsize_t> const& extents) {
  std::vector<hsize_t> places(count * extents.size());
  for (std::size_t i = 0; i < count; ++i) {
    hsize_t rest = first + i;
    for (auto axis = extents.size(); axis-- > 0; rest /= extents[axis])
      places[i * extents.size() + axis] = rest % extents[axis];
  }
  return places;
}

}  // namespace

void Hdf5Writer::text_scale(std::string const& path, std::vector<std::string> const& values, Meaning const& meaning) {
  auto const& file = *file_;
  auto dataset = write_texts(file, path, values, {values.size()});
  make_scale(file, dataset.get(), path);
  write_meaning(file, dataset.get(), path, meaning);
  close_dataset(file, dataset, path);
}

void Hdf5Writer::text_dataset(std::string const& path, std::vector<std::string> const& values,
                              std::vector<std::string> const& dims, Meaning const& meaning) {
  auto const& file = *file_;
  std::vector<hsize_t> extents;
  std::size_t expected = 1;
  for (auto const& scale : dims) {
    extents.push_back(scale_length(file, scale, path));
    expected *= static_cast<std::size_t>(extents.back());
  }
  if (expected != values.size())
    throw refusal(
        file, path,
        std::to_string(values.size()) + " strings are given, but its scales have room for " + std::to_string(expected));
  auto dataset = write_texts(file, path, values, extents);
  attach_scales(file, dataset.get(), path, dims);
  write_meaning(file, dataset.get(), path, meaning);
  close_dataset(file, dataset, path);
}

std::vector<std::string> Hdf5Reader::read_text(std::string const& path) const {
  auto const& file = *file_;
  if (!link_exists(file.handle.get(), path)) throw read_error(file, path, "it does not exist");
  DatasetHandle dataset(H5Dopen2(file.handle.get(), path.c_str(), H5P_DEFAULT));
  if (!dataset) throw read_error(file, path);
  require_plausible_chunks(file, dataset.get(), path);
  TypeHandle const type(H5Dget_type(dataset.get()));
  SpaceHandle const space(H5Dget_space(dataset.get()));
  if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) <= 0)
    throw read_error(file, path, "it does not hold variable-length strings");
  if (H5Sget_simple_extent_npoints(space.get()) == 0) return {};  // also a data set without a space
  std::vector<hsize_t> extents(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space.get()))));
  H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr);
  auto const count = plausible_size(file, extents, sizeof(char*), path);

  // A text has no more bytes than the file, but any number of elements may refer to it.
  constexpr std::uint64_t most_texts = 1 << 16, most_bytes = std::uint64_t{1} << 26;
  if (count > most_texts) throw read_error(file, path, "it holds more texts than names of anything");
  std::error_code ignored;
  auto const file_size = static_cast<std::uint64_t>(std::filesystem::file_size(file.path, ignored));
  auto const at_once = std::clamp<std::uint64_t>(most_bytes / std::max<std::uint64_t>(file_size, 1), 1, most_texts);
  std::vector<std::string> values;
  std::uint64_t bytes = 0;
  for (std::size_t first = 0; first < count; first += at_once) {
    hsize_t const some = std::min<hsize_t>(at_once, count - first);
    std::vector<char*> texts(static_cast<std::size_t>(some));
    SpaceHandle const in_memory(H5Screate_simple(1, &some, nullptr));
    bool const all = some == count;  // selecting them one by one takes longer than reading them
    auto const places = all ? std::vector<hsize_t>() : places_of(first, texts.size(), extents);
    if ((!all && H5Sselect_elements(space.get(), H5S_SELECT_SET, texts.size(), places.data()) < 0) ||
        H5Dread(dataset.get(), type.get(), in_memory.get(), space.get(), H5P_DEFAULT, texts.data()) < 0)
      throw read_error(file, path);
    for (auto const* text : texts) {
      values.emplace_back(text == nullptr ? "" : text);
      bytes += values.back().size();
    }
    H5Dvlen_reclaim(type.get(), in_memory.get(), H5P_DEFAULT, texts.data());
    if (bytes > most_bytes) throw read_error(file, path, "its texts are too long");
  }
  return values;
}

}  // namespace mambasynth::store
