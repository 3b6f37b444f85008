#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <type_traits>
#include <utility>

#include "store/exact_integer.hpp"
#include "store/hdf5.hpp"
#include "store/hdf5_file.hpp"
#include "store/memory.hpp"

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
  if (!dataset) throw read_error(file, path, "it is not a data set");
  require_plausible_chunks(file, dataset.get(), path);
  return dataset;
}

std::vector<hsize_t> extents_of(File const& file, hid_t dataset, std::string const& path) {
  SpaceHandle space(readable(H5Dget_space(dataset), file, path));
  std::vector<hsize_t> extents(static_cast<std::size_t>(readable(H5Sget_simple_extent_ndims(space.get()), file, path)));
  readable(H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr), file, path);
  return extents;
}

std::vector<hsize_t> checked_extents(File const& file, hid_t dataset, std::string const& path) {
  SpaceHandle space(readable(H5Dget_space(dataset), file, path));
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) throw read_error(file, path, "it is empty");
  return extents_of(file, dataset, path);
}

/// The type of the numbers in the file.
struct StoredType {
  bool wide_integer = false, with_sign = true, floating = false;
};

StoredType stored_type(File const& file, hid_t dataset, std::string const& path) {
  TypeHandle const type(readable(H5Dget_type(dataset), file, path));
  auto const kind = H5Tget_class(type.get());
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_ENUM)
    throw read_error(file, path, "it does not hold numbers");
  return {.wide_integer = kind == H5T_INTEGER && H5Tget_size(type.get()) >= sizeof(std::int64_t),
          .with_sign = kind != H5T_INTEGER || H5Tget_sign(type.get()) != H5T_SGN_NONE,
          .floating = kind == H5T_FLOAT};
}

template <class To, class From>
void convert(File const& file, std::string const& path, std::vector<To>& values) {
  static_assert(sizeof(To) == sizeof(From));
  for (auto& value : values) {
    auto const stored = std::bit_cast<From>(value);
    if constexpr (std::is_floating_point_v<From>) {
      constexpr double end = 9223372036854775808.0;  // 2^63 is representable, 2^63 - 1 is not
      if (!(stored >= -end && stored < end) || stored != std::trunc(stored))
        throw read_error(file, path, "whole numbers are needed, but it holds " + std::to_string(stored));
    } else if constexpr (std::is_floating_point_v<To>) {
      if (!exact_in_double(stored))
        throw read_error(file, path,
                         "it holds " + std::to_string(stored) + ", which double precision cannot represent exactly");
    } else if (!std::in_range<To>(stored)) {
      throw read_error(file, path,
                       "it holds " + std::to_string(stored) + ", which a signed 64-bit integer cannot hold");
    }
    value = static_cast<To>(stored);
  }
}

/// HDF5 rounds and clips silently, so values that it might not convert exactly are converted here, in place.
template <class T>
void read_values(File const& file, hid_t dataset, std::string const& path, hid_t in_memory, hid_t in_file,
                 std::vector<T>& values) {
  auto const read = [&](hid_t type) {
    readable(H5Dread(dataset, type, in_memory, in_file, H5P_DEFAULT, values.data()), file, path);
  };
  auto const stored = stored_type(file, dataset, path);
  if constexpr (std::is_same_v<T, double>) {
    if (stored.wide_integer && stored.with_sign)
      return read(H5T_NATIVE_INT64), convert<T, std::int64_t>(file, path, values);
    if (stored.wide_integer) return read(H5T_NATIVE_UINT64), convert<T, std::uint64_t>(file, path, values);
  }
  if constexpr (std::is_same_v<T, std::int64_t>) {
    if (stored.floating) return read(H5T_NATIVE_DOUBLE), convert<T, double>(file, path, values);
    if (stored.wide_integer && !stored.with_sign)
      return read(H5T_NATIVE_UINT64), convert<T, std::uint64_t>(file, path, values);
  }
  read(memory_type(element_type<T>()));
}

/// Memory for all values.
template <class T>
std::vector<T> room(File const& file, std::string const& path, std::vector<hsize_t> const& extents) {
  auto const count = plausible_size(file, extents, sizeof(T), path);
  auto values = room_for<T>(count, [&] { return "'" + path + "' of '" + file.path.string() + "'"; });
  values.resize(count);
  return values;
}

AttributeHandle open_attribute(File const& file, std::string const& object, std::string const& name) {
  require(file, object);
  if (H5Aexists_by_name(file.handle.get(), object.c_str(), name.c_str(), H5P_DEFAULT) <= 0)
    throw read_error(file, object, "it has no attribute '" + name + "'");
  return AttributeHandle(readable(
      H5Aopen_by_name(file.handle.get(), object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), file, object));
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
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_ENUM) throw read_error(file, label, "it is not a number");
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
  throw read_error(*file_, "", foreign ? "it is not an HDF5 file" : why);
}

Hdf5Reader::~Hdf5Reader() = default;

bool Hdf5Reader::exists(std::string const& path) const { return link_exists(file_->handle.get(), path); }

std::vector<std::int64_t> Hdf5Reader::shape(std::string const& path) const {
  auto const extents = checked_extents(*file_, open_dataset(*file_, path).get(), path);
  static_cast<void>(plausible_size(*file_, extents, 1, path));
  return {extents.begin(), extents.end()};
}

template <class T>
std::vector<T> Hdf5Reader::read(std::string const& path) const {
  auto const dataset = open_dataset(*file_, path);
  static_cast<void>(stored_type(*file_, dataset.get(), path));
  auto values = room<T>(*file_, path, checked_extents(*file_, dataset.get(), path));
  if (!values.empty()) read_values(*file_, dataset.get(), path, H5S_ALL, H5S_ALL, values);
  return values;
}

std::vector<double> Hdf5Reader::read_columns(std::string const& path) const {
  auto const dataset = open_dataset(*file_, path);
  auto const stored = stored_type(*file_, dataset.get(), path);
  if (!stored.wide_integer) return read<double>(path);
  auto const extents = checked_extents(*file_, dataset.get(), path);
  auto values = room<double>(*file_, path, extents);
  if (values.empty()) return values;
  readable(H5Dread(dataset.get(), stored.with_sign ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL,
                   H5P_DEFAULT, values.data()),
           *file_, path);
  if (auto const rounded = to_exact_columns(values, stored.with_sign,
                                            extents.size() > 1 ? static_cast<std::int64_t>(extents.back()) : 1))
    throw errors::input("cannot read '" + path + "' of '" + file_->path.string() + "'", rounded->why, rounded->remedy);
  return values;
}

template <class T>
std::vector<T> Hdf5Reader::read_rows(std::string const& path, std::int64_t first, std::int64_t count) const {
  auto const dataset = open_dataset(*file_, path);
  static_cast<void>(stored_type(*file_, dataset.get(), path));
  auto extents = checked_extents(*file_, dataset.get(), path);
  if (extents.empty()) throw read_error(*file_, path, "it is a single value, without rows");
  auto const rows = static_cast<std::int64_t>(extents[0]);
  if (first < 0 || count < 0 || first > rows || count > rows - first)
    throw read_error(*file_, path,
                     "rows " + std::to_string(first) + " to " + std::to_string(first + count) +
                         " are wanted, but it has " + std::to_string(rows));
  extents[0] = static_cast<hsize_t>(count);
  auto values = room<T>(*file_, path, extents);
  if (values.empty()) return values;
  std::vector<hsize_t> start(extents.size(), 0);
  start[0] = static_cast<hsize_t>(first);
  SpaceHandle in_file(readable(H5Dget_space(dataset.get()), *file_, path));
  readable(H5Sselect_hyperslab(in_file.get(), H5S_SELECT_SET, start.data(), nullptr, extents.data(), nullptr), *file_,
           path);
  SpaceHandle in_memory(
      readable(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), *file_, path));
  read_values(*file_, dataset.get(), path, in_memory.get(), in_file.get(), values);
  return values;
}

template std::vector<double> Hdf5Reader::read<double>(std::string const&) const;
template std::vector<float> Hdf5Reader::read<float>(std::string const&) const;
template std::vector<std::int64_t> Hdf5Reader::read<std::int64_t>(std::string const&) const;
template std::vector<double> Hdf5Reader::read_rows<double>(std::string const&, std::int64_t, std::int64_t) const;
template std::vector<float> Hdf5Reader::read_rows<float>(std::string const&, std::int64_t, std::int64_t) const;
template std::vector<std::int64_t> Hdf5Reader::read_rows<std::int64_t>(std::string const&, std::int64_t,
                                                                       std::int64_t) const;

bool Hdf5Reader::holds_wide_integers(std::string const& path) const {
  return stored_type(*file_, open_dataset(*file_, path).get(), path).wide_integer;
}

bool Hdf5Reader::has_attribute(std::string const& object, std::string const& name) const {
  return exists(object) && H5Aexists_by_name(file_->handle.get(), object.c_str(), name.c_str(), H5P_DEFAULT) > 0;
}

std::string Hdf5Reader::text_attribute(std::string const& object, std::string const& name) const {
  auto const label = object + "@" + name;
  auto const attribute = open_attribute(*file_, object, name);
  require_one(*file_, attribute, label);
  TypeHandle type(readable(H5Aget_type(attribute.get()), *file_, label));
  if (H5Tget_class(type.get()) != H5T_STRING) throw read_error(*file_, label, "it is not text");
  if (H5Tis_variable_str(type.get()) > 0) {
    // HDF5 refuses to convert between its two character sets, so request the stored one.
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
