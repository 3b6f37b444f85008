#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mambasynth::dimension {

/// Rows whose dimension is to be estimated, from any kind of file.
struct Array {
  std::string name;  ///< "series.h5:/x"
  std::int64_t points = 0, dims = 0;
  std::vector<double> x;             ///< (point, dims) row-major
  std::vector<std::int64_t> labels;  ///< (point), or empty
  std::string labels_name;           ///< "circle_id" for a series, otherwise "label"
  std::vector<std::string> notes;    ///< what was not read as a dimension, and why; one line each, for the user
  double noise = 0;                  ///< standard deviation of the noise per channel; 0: unknown

  [[nodiscard]] bool whole_numbers() const;  ///< whether all are whole numbers, small enough for a lattice
};

/// Which arrays of the file to use.
struct ArrayNames {
  std::string array;   ///< empty: the series, otherwise the only array of two or more axes
  std::string labels;  ///< empty: the circles of a series, otherwise none
};

/// A series (series.h5, data.npz or their folder), a .npy, a member of an .npz, a data set of an HDF5 file, the columns
/// of a CSV file. An array of one axis holds one-dimensional points; with more than two axes, the last one holds the
/// dimensions and the others, in order, the rows. Errors: errors::input (no such file, unknown format, no or several
/// candidate arrays, text, labels that do not fit), which lists the names in the file.
Array load_array(std::filesystem::path const& file, ArrayNames const& names);

/// The rows `rows`, in that order.
Array pick(Array const& array, std::vector<std::int64_t> const& rows);

}  // namespace mambasynth::dimension
