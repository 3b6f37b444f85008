#include <algorithm>
#include <memory>

#include "store/hdf5.hpp"
#include "store/hdf5_file.hpp"

/// All attributes of an object at once.
namespace mambasynth::store {
namespace {

using namespace detail;

std::string text_in(hid_t attribute, hid_t type) {
  if (H5Tis_variable_str(type) > 0) {
    char* text = nullptr;
    if (H5Aread(attribute, type, static_cast<void*>(&text)) < 0) return {};
    std::unique_ptr<char, decltype(&H5free_memory)> const owned(text, H5free_memory);
    return text ? text : "";
  }
  std::string text(H5Tget_size(type), '\0');
  if (H5Aread(attribute, type, text.data()) < 0) return {};
  text.resize(std::min(text.size(), text.find('\0')));
  return text;
}

herr_t take(hid_t object, char const* name, H5A_info_t const*, void* all) {
  auto& attributes = *static_cast<Attributes*>(all);
  AttributeHandle const attribute(H5Aopen(object, name, H5P_DEFAULT));
  if (!attribute) return -1;
  SpaceHandle const space(H5Aget_space(attribute.get()));
  if (H5Sget_simple_extent_npoints(space.get()) != 1) return 0;
  TypeHandle const type(H5Aget_type(attribute.get()));
  switch (H5Tget_class(type.get())) {
    case H5T_STRING:
      attributes.emplace_back(name, text_in(attribute.get(), type.get()));
      return 0;
    case H5T_INTEGER:
    case H5T_ENUM: {
      std::int64_t value = 0;
      if (H5Aread(attribute.get(), H5T_NATIVE_INT64, &value) < 0) return -1;
      attributes.emplace_back(name, value);
      return 0;
    }
    case H5T_FLOAT: {
      double value = 0;
      if (H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &value) < 0) return -1;
      attributes.emplace_back(name, value);
      return 0;
    }
    default:
      return 0;
  }
}

}  // namespace

Attributes Hdf5Reader::attributes(std::string const& object) const {
  Attributes found;
  ObjectHandle const opened(H5Oopen(file_->handle.get(), object.c_str(), H5P_DEFAULT));
  if (!opened) throw read_error(*file_, object);
  if (H5Aiterate2(opened.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, take, &found) < 0)
    throw read_error(*file_, object);
  return found;
}

}  // namespace mambasynth::store
