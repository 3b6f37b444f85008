#include <hdf5_hl.h>

#include <algorithm>

#include "errors/printable.hpp"
#include "store/hdf5_file.hpp"

/// Groups, data sets, scales and attributes as h5py, netCDF and xarray expect them.
namespace mambasynth::store::detail {
namespace {

constexpr unsigned deflate_level = 1;

void create_group(File const& file, std::string const& path) {
  PropertyHandle creation(H5Pcreate(H5P_GROUP_CREATE));
  H5Pset_obj_track_times(creation.get(), false);
  H5Pset_link_creation_order(creation.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  GroupHandle group(
      written(H5Gcreate2(file.handle.get(), path.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), file, path));
  if (group.close() < 0) throw write_error(file, path);
}

}  // namespace

std::string last_part(std::string const& path) { return path.substr(path.find_last_of('/') + 1); }

void make_parents(File const& file, std::string const& path) {
  for (auto end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1))
    if (auto const group = path.substr(0, end); !link_exists(file.handle.get(), group)) create_group(file, group);
}

DatasetHandle create_dataset(File const& file, std::string const& path, ElementType type,
                             std::vector<hsize_t> const& dims, std::vector<hsize_t> const& chunk, bool grows,
                             bool deflated) {
  if (link_exists(file.handle.get(), path)) throw refusal(file, path, "it has already been written");
  make_parents(file, path);
  auto most = dims;
  if (grows) most[0] = H5S_UNLIMITED;
  SpaceHandle space(written(
      dims.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), most.data()),
      file, path));
  PropertyHandle creation(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(creation.get(), false);
  if (!chunk.empty()) {
    written(H5Pset_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data()), file, path);
    // Every element is written, so filling first would write everything twice.
    H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER);
    if (deflated) set_compression(creation.get(), Shuffle::yes);
  }
  return DatasetHandle(written(H5Dcreate2(file.handle.get(), path.c_str(), file_type(type), space.get(), H5P_DEFAULT,
                                          creation.get(), H5P_DEFAULT),
                               file, path));
}

void set_compression(hid_t creation, Shuffle shuffle) {
  if (shuffle == Shuffle::yes) H5Pset_shuffle(creation);
  H5Pset_deflate(creation, deflate_level);
}

void close_dataset(File const& file, DatasetHandle& dataset, std::string const& path) {
  written(H5Dflush(dataset.get()), file, path);
  if (dataset.close() < 0) throw write_error(file, path);
}

void make_scale(File const& file, hid_t dataset, std::string const& path) {
  written(H5DSset_scale(dataset, last_part(path).c_str()), file, path);
}

void attach_scales(File const& file, hid_t dataset, std::string const& path, std::vector<std::string> const& dims) {
  for (unsigned axis = 0; axis < dims.size(); ++axis) {
    DatasetHandle scale(H5Dopen2(file.handle.get(), dims[axis].c_str(), H5P_DEFAULT));
    if (!scale) throw refusal(file, path, "its dimension '" + dims[axis] + "' has no scale");
    written(H5DSattach_scale(dataset, scale.get(), axis), file, path);
    written(H5DSset_label(dataset, axis, last_part(dims[axis]).c_str()), file, path);
  }
}

std::uint64_t scale_length(File const& file, std::string const& scale, std::string const& of) {
  for (auto const& growing : file.growing)
    if (growing.path == scale) return growing.rows();
  if (!link_exists(file.handle.get(), scale)) throw refusal(file, of, "its dimension '" + scale + "' has no scale");
  DatasetHandle dataset(written(H5Dopen2(file.handle.get(), scale.c_str(), H5P_DEFAULT), file, scale));
  SpaceHandle space(written(H5Dget_space(dataset.get()), file, scale));
  return static_cast<std::uint64_t>(H5Sget_simple_extent_npoints(space.get()));
}

void write_text(File const& file, hid_t object, std::string const& path, std::string const& name,
                std::string const& value) {
  auto const label = path + "@" + name;
  TypeHandle type(written(H5Tcopy(H5T_C_S1), file, label));
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  SpaceHandle space(written(H5Screate(H5S_SCALAR), file, label));
  if (H5Aexists(object, name.c_str()) > 0) written(H5Adelete(object, name.c_str()), file, label);
  AttributeHandle attribute(
      written(H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), file, label));
  auto const valid = errors::valid_utf8(value);
  char const* text = valid.c_str();
  written(H5Awrite(attribute.get(), type.get(), &text), file, label);
  if (attribute.close() < 0) throw write_error(file, label);
}

void write_meaning(File const& file, hid_t dataset, std::string const& path, Meaning const& meaning) {
  if (!meaning.long_name.empty()) write_text(file, dataset, path, "long_name", meaning.long_name);
  if (!meaning.units.empty()) write_text(file, dataset, path, "units", meaning.units);
}

}  // namespace mambasynth::store::detail
