#include "arrays/format.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <string>
#include <string_view>

#include "arrays/archive.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::arrays {
namespace {

bool named_as_text(std::filesystem::path const& file) {
  auto suffix = file.extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  return suffix == ".csv" || suffix == ".tsv" || suffix == ".txt";
}

}  // namespace

Format format_of(std::filesystem::path const& file) {
  std::array<char, 8> head{};
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw unusable(file, "it cannot be opened", "Check its permissions");
  stream.read(head.data(), head.size());
  std::string_view const start(head.data(), static_cast<std::size_t>(stream.gcount()));
  if (start.starts_with("PK")) return Format::npz;
  if (start.starts_with("\x93NUMPY")) return Format::npy;
  if (store::is_hdf5(file)) return Format::hdf5;
  if (named_as_text(file)) return Format::csv;
  throw unusable(file, "it is neither HDF5 nor npz nor npy, and its name does not end in .csv, .tsv or .txt",
                 "Save the data in one of those formats");
}

}  // namespace mambasynth::arrays
