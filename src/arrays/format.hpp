#pragma once

#include <filesystem>

namespace mambasynth::arrays {

enum class Format { hdf5, npz, npy, csv };

/// The format of a file by its first bytes, and CSV by its name (.csv, .tsv, .txt). Errors: errors::input (it cannot be
/// opened, or has none of these formats).
Format format_of(std::filesystem::path const& file);

}  // namespace mambasynth::arrays
