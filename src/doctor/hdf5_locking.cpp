#include "doctor/hdf5_locking.hpp"

#include <hdf5.h>

namespace mambasynth::doctor {
namespace {

std::string innermost() {
  std::string text;
  auto const keep = [](unsigned, H5E_error2_t const* entry, void* data) -> herr_t {
    *static_cast<std::string*>(data) = entry->desc ? entry->desc : "";
    return 1;  // an upward walk starts at the innermost error
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep, &text);
  return text.empty() ? "HDF5 gives no reason" : text;
}

}  // namespace

std::string why_hdf5_cannot_lock(std::string const& file) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  auto id = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (id < 0) return innermost();
  H5Fclose(id);
  id = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  if (id < 0) return innermost();
  H5Fclose(id);
  return "";
}

}  // namespace mambasynth::doctor
