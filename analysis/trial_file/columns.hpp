#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "store/hdf5.hpp"

/// Writes vectors as HDF5 scales and data sets, and checks their lengths against their axes.
namespace mambasynth::analysis::trial_file {

template <class T>
void scale(store::Hdf5Writer& h5, std::string const& path, std::vector<T> const& values,
           store::Meaning const& meaning) {
  h5.scale<T>(path, values, meaning);
}

template <class T>
void column(store::Hdf5Writer& h5, std::string const& path, std::vector<T> const& values, std::size_t count,
            std::vector<std::string> const& dims, store::Meaning const& meaning) {
  if (values.size() != count) {
    throw std::invalid_argument(
        fmt::format("trial file: {} has {} values, its axes have {}", path, values.size(), count));
  }
  h5.dataset<T>(path, values, dims, meaning);
}

}  // namespace mambasynth::analysis::trial_file
