#include "store/hdf5_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "store/hdf5_threads.hpp"

namespace mambasynth::store::detail {
namespace {

herr_t take_first(unsigned, H5E_error2_t const* entry, void* text) {
  auto& found = *static_cast<std::string*>(text);
  if (entry->desc != nullptr) found = entry->desc;
  return 1;  // stops the walk
}

}  // namespace

std::string reason() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &text);
  // The driver's entry reads "... errno = 28, error message = 'No space left on device', buf = 0x...".
  std::string const mark = "error message = '";
  if (auto const at = text.find(mark); at != std::string::npos) {
    auto const from = at + mark.size();
    return text.substr(from, text.find('\'', from) - from);
  }
  return text.empty() ? "HDF5 gives no reason" : text;
}

void prepare_library() {
  static bool const without_exit_handler = H5dont_atexit() >= 0;
  static_cast<void>(without_exit_handler);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

void File::abandon() const noexcept {
  abandoned = true;
  if (descriptor >= 0) static_cast<void>(::ftruncate(descriptor, 0) == 0);
}

namespace {

std::string named(File const& file, std::string const& object) {
  return (object.empty() ? "" : "'" + object + "' of ") + "'" + file.path.string() + "'";
}

}  // namespace

errors::Error write_error(File const& file, std::string const& object) {
  auto const why = reason();
  file.abandon();
  bool const full = why == errors::system_reason(ENOSPC) || why == errors::system_reason(EDQUOT);
  return errors::machine("cannot write " + named(file, object), why,
                         full ? "Free space there or choose a folder on another file system"
                              : "Check the folder and its file system, then run the same command again");
}

errors::Error refusal(File const& file, std::string const& object, std::string const& why) {
  return errors::machine("cannot write " + named(file, object), why, "Report this as a defect");
}

errors::Error read_error(File const& file, std::string const& object, std::string const& why) {
  return errors::input("cannot read " + named(file, object), why, "Give a complete file of the expected kind");
}

bool link_exists(hid_t file, std::string const& path) {
  return path.find_first_not_of('/') == std::string::npos || H5Lexists(file, path.c_str(), H5P_DEFAULT) > 0;
}

std::size_t size_of(ElementType type) {
  switch (type) {
    case ElementType::f64:
      return 8;
    case ElementType::f32:
      return 4;
    case ElementType::i64:
      return 8;
    case ElementType::i32:
      return 4;
    case ElementType::i8:
      return 1;
  }
  return 0;
}

hid_t memory_type(ElementType type) {
  switch (type) {
    case ElementType::f64:
      return H5T_NATIVE_DOUBLE;
    case ElementType::f32:
      return H5T_NATIVE_FLOAT;
    case ElementType::i64:
      return H5T_NATIVE_INT64;
    case ElementType::i32:
      return H5T_NATIVE_INT32;
    case ElementType::i8:
      return H5T_NATIVE_INT8;
  }
  return H5I_INVALID_HID;
}

hid_t file_type(ElementType type) {
  switch (type) {
    case ElementType::f64:
      return H5T_IEEE_F64LE;
    case ElementType::f32:
      return H5T_IEEE_F32LE;
    case ElementType::i64:
      return H5T_STD_I64LE;
    case ElementType::i32:
      return H5T_STD_I32LE;
    case ElementType::i8:
      return H5T_STD_I8LE;
  }
  return H5I_INVALID_HID;
}

std::size_t plausible_size(File const& file, std::vector<hsize_t> const& extents, std::size_t element,
                           std::string const& path) {
  // Deflate reaches at most 1032:1; data sets that were never written are small in practice.
  constexpr std::uint64_t best_ratio = 1032, always_allowed = std::uint64_t{1} << 26;
  std::error_code ignored;
  auto const file_size = static_cast<std::uint64_t>(std::filesystem::file_size(file.path, ignored));
  auto const most = std::max(always_allowed, file_size > UINT64_MAX / best_ratio ? UINT64_MAX : file_size * best_ratio);
  std::uint64_t count = 1;
  for (auto const extent : extents)
    if (extent == 0) return 0;
  for (auto const extent : extents) {
    if (extent > most / element / count)
      throw read_error(file, path, "its extents or chunks are larger than the file can hold");
    count *= extent;
  }
  return static_cast<std::size_t>(count);
}

void require_plausible_chunks(File const& file, hid_t dataset, std::string const& path) {
  PropertyHandle const creation(H5Dget_create_plist(dataset));
  if (H5Pget_layout(creation.get()) != H5D_CHUNKED) return;
  std::vector<hsize_t> chunk(static_cast<std::size_t>(std::max(0, H5Pget_chunk(creation.get(), 0, nullptr))));
  H5Pget_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data());
  TypeHandle const type(H5Dget_type(dataset));
  static_cast<void>(plausible_size(file, chunk, std::max<std::size_t>(H5Tget_size(type.get()), 1), path));
}

PropertyHandle access_without_lock() {
  PropertyHandle access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_file_locking(access.get(), false, true);
  return access;
}

}  // namespace mambasynth::store::detail

namespace mambasynth::store {

bool hdf5_takes_threads() {
  hbool_t takes = false;
  return H5is_library_threadsafe(&takes) >= 0 && takes;
}

}  // namespace mambasynth::store
