#pragma once

#include <memory>
#include <string>

#include "arrays/archive.hpp"
#include "series/series_file.hpp"

/// Private to this folder: recordings of the user, (time, channel) or (trial, time, channel), in any format.
namespace mambasynth::series {

/// The array data.array, by default the only one of such a shape, with the labels data.labels, by default those in an
/// array of integers that is named as labels and fits. `usual`: the name that a series has in this format. Errors:
/// errors::input, which lists what the file holds.
std::unique_ptr<SeriesFile> open_recording(arrays::Archive const& archive, DataFile const& data,
                                           std::string const& usual);
std::unique_ptr<SeriesFile> open_npy_recording(DataFile const& data);
std::unique_ptr<SeriesFile> open_csv_recording(DataFile const& data);

}  // namespace mambasynth::series
