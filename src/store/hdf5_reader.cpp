#include <algorithm>
#include <cstdio>
#include <memory>
#include <new>

#include "store/hdf5.hpp"
#include "store/hdf5_file.hpp"

namespace mambasynth::store {
namespace {

using namespace detail;

template <class Id>
Id readable(Id id, File const& file, std::string const& object) {
  if (id < 0) throw read_error(file, object);
  return id;
}

void require(File const& file, std::string const& path) {
  if (!link_exists(file.handle.get(), path)) throw read_error(file, path, "the file holds no such object");
}

DatasetHandle open_dataset(File const& file, std::string const& path) {
  require(file, path);
  DatasetHandle dataset(H5Dopen2(file.handle.get(), path.c_str(), H5P_DEFAULT));
  if (!dataset) throw read_error(file, path, "it is no data set");
  return dataset;
}

std::vector<hsize_t> extents_of(File const& file, hid_t dataset, std::string const& path) {
  SpaceHandle space(readable(H5Dget_space(dataset), file, path));
  std::vector<hsize_t> extents(static_cast<std::size_t>(readable(H5Sget_simple_extent_ndims(space.get()), file, path)));
  readable(H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr), file, path);
  return extents;
}

void require_numbers(File const& file, hid_t dataset, std::string const& path) {
  TypeHandle type(readable(H5Dget_type(dataset), file, path));
  auto const kind = H5Tget_class(type.get());
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_ENUM) throw read_error(file, path, "it holds no numbers");
}

/// Number of elements, refusing extents that the file cannot hold (a damaged header must not exhaust the memory).
std::size_t plausible_size(File const& file, std::vector<hsize_t> const& extents, std::size_t element,
                           std::string const& path) {
  // Deflate reaches 1032:1 at most; never-written data sets are small in practice.
  constexpr std::uint64_t best_ratio = 1032, always_allowed = std::uint64_t{1} << 30;
  std::error_code ignored;
  auto const file_size = static_cast<std::uint64_t>(std::filesystem::file_size(file.path, ignored));
  auto const most = std::max(always_allowed, file_size > UINT64_MAX / best_ratio ? UINT64_MAX : file_size * best_ratio);
  std::uint64_t count = 1;
  for (auto const extent : extents)
    if (extent == 0) return 0;
  for (auto const extent : extents) {
    if (extent > most / element / count) throw read_error(file, path, "its extents are larger than the file can hold");
    count *= extent;
  }
  return static_cast<std::size_t>(count);
}

AttributeHandle open_attribute(File const& file, std::string const& object, std::string const& name) {
  require(file, object);
  if (H5Aexists_by_name(file.handle.get(), object.c_str(), name.c_str(), H5P_DEFAULT) <= 0)
    throw read_error(file, object, "it has no attribute '" + name + "'");
  return AttributeHandle(
      readable(H5Aopen_by_name(file.handle.get(), object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), file, object));
}

void require_one(File const& file, AttributeHandle const& attribute, std::string const& label) {
  SpaceHandle space(readable(H5Aget_space(attribute.get()), file, label));
  if (H5Sget_simple_extent_npoints(space.get()) != 1) throw read_error(file, label, "it does not hold one value");
}

template <class T>
T read_number_attribute(File const& file, std::string const& object, std::string const& name) {
  auto const label = object + "@" + name;
  auto const attribute = open_attribute(file, object, name);
  require_one(file, attribute, label);
  TypeHandle type(readable(H5Aget_type(attribute.get()), file, label));
  auto const kind = H5Tget_class(type.get());
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_ENUM) throw read_error(file, label, "it is no number");
  T value{};
  readable(H5Aread(attribute.get(), memory_type(element_type<T>()), &value), file, label);
  return value;
}

}  // namespace

Hdf5Reader::Hdf5Reader(std::filesystem::path const& path) : file_(std::make_shared<File>()) {
  prepare_library();
  file_->path = path;
  std::error_code failed;
  auto const size = std::filesystem::file_size(path, failed);
  if (failed) throw read_error(*file_, "", failed.message());
  if (size == 0) throw read_error(*file_, "", "the file is empty");
  auto const access = access_without_lock();
  file_->handle = FileHandle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()));
  if (file_->handle) return;
  auto const why = reason();
  bool const foreign = why.find("signature") != std::string::npos;
  throw read_error(*file_, "", foreign ? "it is no HDF5 file" : why);
}

Hdf5Reader::~Hdf5Reader() = default;

bool Hdf5Reader::exists(std::string const& path) const { return link_exists(file_->handle.get(), path); }

std::vector<std::int64_t> Hdf5Reader::shape(std::string const& path) const {
  auto const extents = extents_of(*file_, open_dataset(*file_, path).get(), path);
  return {extents.begin(), extents.end()};
}

template <class T>
std::vector<T> Hdf5Reader::read(std::string const& path) const {
  auto const dataset = open_dataset(*file_, path);
  require_numbers(*file_, dataset.get(), path);
  std::vector<T> values(plausible_size(*file_, extents_of(*file_, dataset.get(), path), sizeof(T), path));
  if (values.empty()) return values;
  readable(H5Dread(dataset.get(), memory_type(element_type<T>()), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), *file_,
           path);
  return values;
}

template <class T>
std::vector<T> Hdf5Reader::read_rows(std::string const& path, std::int64_t first, std::int64_t count) const {
  auto const dataset = open_dataset(*file_, path);
  require_numbers(*file_, dataset.get(), path);
  auto extents = extents_of(*file_, dataset.get(), path);
  if (extents.empty()) throw read_error(*file_, path, "it is a single value without rows");
  auto const rows = static_cast<std::int64_t>(extents[0]);
  if (first < 0 || count < 0 || first > rows || count > rows - first)
    throw read_error(*file_, path,
                     "rows " + std::to_string(first) + " to " + std::to_string(first + count) + " are wanted, it has " +
                         std::to_string(rows));
  extents[0] = static_cast<hsize_t>(count);
  std::vector<T> values(plausible_size(*file_, extents, sizeof(T), path));
  if (values.empty()) return values;
  std::vector<hsize_t> start(extents.size(), 0);
  start[0] = static_cast<hsize_t>(first);
  SpaceHandle in_file(readable(H5Dget_space(dataset.get()), *file_, path));
  readable(H5Sselect_hyperslab(in_file.get(), H5S_SELECT_SET, start.data(), nullptr, extents.data(), nullptr), *file_,
           path);
  SpaceHandle in_memory(
      readable(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), *file_, path));
  readable(H5Dread(dataset.get(), memory_type(element_type<T>()), in_memory.get(), in_file.get(), H5P_DEFAULT,
                   values.data()),
           *file_, path);
  return values;
}

template std::vector<double> Hdf5Reader::read<double>(std::string const&) const;
template std::vector<float> Hdf5Reader::read<float>(std::string const&) const;
template std::vector<std::int64_t> Hdf5Reader::read<std::int64_t>(std::string const&) const;
template std::vector<double> Hdf5Reader::read_rows<double>(std::string const&, std::int64_t, std::int64_t) const;
template std::vector<float> Hdf5Reader::read_rows<float>(std::string const&, std::int64_t, std::int64_t) const;
template std::vector<std::int64_t> Hdf5Reader::read_rows<std::int64_t>(std::string const&, std::int64_t,
                                                                       std::int64_t) const;

std::vector<std::string> Hdf5Reader::members(std::string const& group) const {
  require(*file_, group);
  GroupHandle const opened(H5Gopen2(file_->handle.get(), group.c_str(), H5P_DEFAULT));
  if (!opened) throw read_error(*file_, group, "it is no group");
  std::vector<std::string> names;
  auto const collect = [](hid_t, char const* name, H5L_info_t const*, void* into) -> herr_t {
    static_cast<std::vector<std::string>*>(into)->emplace_back(name);
    return 0;
  };
  readable(H5Literate(opened.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names), *file_, group);
  std::sort(names.begin(), names.end());
  return names;
}

bool Hdf5Reader::is_group(std::string const& path) const {
  if (!exists(path)) return false;
  ObjectHandle const object(H5Oopen(file_->handle.get(), path.c_str(), H5P_DEFAULT));
  return object && H5Iget_type(object.get()) == H5I_GROUP;
}

bool Hdf5Reader::has_attribute(std::string const& object, std::string const& name) const {
  return exists(object) && H5Aexists_by_name(file_->handle.get(), object.c_str(), name.c_str(), H5P_DEFAULT) > 0;
}

std::string Hdf5Reader::text_attribute(std::string const& object, std::string const& name) const {
  auto const label = object + "@" + name;
  auto const attribute = open_attribute(*file_, object, name);
  require_one(*file_, attribute, label);
  TypeHandle type(readable(H5Aget_type(attribute.get()), *file_, label));
  if (H5Tget_class(type.get()) != H5T_STRING) throw read_error(*file_, label, "it is no text");
  if (H5Tis_variable_str(type.get()) > 0) {
    // HDF5 refuses to convert between its two character sets: ask for what is stored.
    char* text = nullptr;
    readable(H5Aread(attribute.get(), type.get(), static_cast<void*>(&text)), *file_, label);
    std::unique_ptr<char, decltype(&H5free_memory)> const owned(text, H5free_memory);
    return text ? text : "";
  }
  std::string text(H5Tget_size(type.get()), '\0');
  readable(H5Aread(attribute.get(), type.get(), text.data()), *file_, label);
  auto const end = text.find('\0');
  if (end != std::string::npos) text.resize(end);
  return text;
}

double Hdf5Reader::number_attribute(std::string const& object, std::string const& name) const {
  return read_number_attribute<double>(*file_, object, name);
}

std::int64_t Hdf5Reader::integer_attribute(std::string const& object, std::string const& name) const {
  return read_number_attribute<std::int64_t>(*file_, object, name);
}

}  // namespace mambasynth::store
