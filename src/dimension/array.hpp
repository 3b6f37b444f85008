#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mambasynth::dimension {

/// Rows whose dimension is asked for, whatever file they come from.
struct Array {
  std::string name;  ///< "series.h5:/x"
  std::int64_t points = 0, dims = 0;
  std::vector<double> x;             ///< (point, dims) row-major
  std::vector<std::int64_t> labels;  ///< (point), or empty
  std::string labels_name;           ///< "circle_id" of a series, else "label"
  double noise = 0;                  ///< standard deviation of the noise of a channel; 0: not known

  [[nodiscard]] bool whole_numbers() const;  ///< all of them, and small enough for a lattice
};

/// What to look for in the file.
struct ArrayNames {
  std::string array;   ///< empty: the series, else the only array of two axes or more
  std::string labels;  ///< empty: a series' circles, else none
};

/// A series (series.h5, data.npz or their folder), a .npy, a member of an .npz, a data set of an HDF5 file. An array of
/// one axis is points of one dimension; of more than two, the last axis is the dimensions and the others, in order, are
/// rows. Errors: errors::input (no such file, neither format, no or several arrays that could be meant, text, labels
/// that do not fit); the names that are there are listed.
Array load_array(std::filesystem::path const& file, ArrayNames const& names);

/// Rows `rows` of it, in that order.
Array pick(Array const& array, std::vector<std::int64_t> const& rows);

}  // namespace mambasynth::dimension
