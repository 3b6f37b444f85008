#include "dimension/array.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <functional>
#include <memory>

#include "errors/errors.hpp"
#include "series/series_file.hpp"
#include "store/archive/npz.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::dimension {
namespace {

namespace fs = std::filesystem;
using Shape = std::vector<std::int64_t>;

errors::Error unusable(fs::path const& file, std::string const& why, std::string const& remedy) {
  return errors::input(file.string() + " cannot be used", why, remedy);
}

/// A file as named arrays.
struct Archive {
  fs::path file;
  std::vector<std::string> names;
  std::function<Shape(std::string const&)> shape;
  std::function<std::vector<double>(std::string const&)> values;
  std::function<std::vector<std::int64_t>(std::string const&)> integers;

  [[nodiscard]] bool has(std::string const& name) const {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
  void require(std::string const& name) const {
    if (has(name)) return;
    auto const near = errors::nearest(name, names);
    throw unusable(file, fmt::format("it holds no array '{}'; it holds {}", name, fmt::join(names, ", ")),
                   near.empty() ? "Name one of those" : "Did you mean '" + near + "'?");
  }
};

void find_datasets(store::Hdf5Reader const& reader, std::string const& group, std::vector<std::string>& names) {
  for (auto const& member : reader.members(group)) {
    auto const path = (group == "/" ? "" : group) + "/" + member;
    if (reader.is_group(path))
      find_datasets(reader, path, names);
    else
      names.push_back(path);
  }
}

Archive open_hdf5(fs::path const& file) {
  auto const reader = std::make_shared<store::Hdf5Reader>(file);
  Archive archive{.file = file,
                  .names = {},
                  .shape = [reader](auto const& name) { return reader->shape(name); },
                  .values = [reader](auto const& name) { return reader->template read<double>(name); },
                  .integers = [reader](auto const& name) { return reader->template read<std::int64_t>(name); }};
  find_datasets(*reader, "/", archive.names);
  return archive;
}

/// Text and objects are no rows; says so with the file's name.
store::NpyArray const& numbers(store::NpyArray const& array, fs::path const& file, std::string const& name) {
  if (array.dtype.size() > 1 && std::string_view("fiub").find(array.dtype[1]) != std::string_view::npos) return array;
  throw unusable(file, fmt::format("{} is of type '{}'", name, array.dtype), "Name an array of numbers");
}

Archive open_npz(fs::path const& file) {
  auto const read = [file](std::string const& name) { return store::read_npz(file, {name}).at(name); };
  return {
      .file = file,
      .names = store::npz_names(file),
      .shape = [read](auto const& name) { return read(name).shape; },
      .values = [=](auto const& name) { return numbers(read(name), file, "'" + name + "'").template as<double>(); },
      .integers =
          [=](auto const& name) { return numbers(read(name), file, "'" + name + "'").template as<std::int64_t>(); }};
}

enum class Format { hdf5, npz, npy };
Format format_of(fs::path const& file) {
  std::array<char, 8> head{};
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw unusable(file, "it cannot be opened", "Check its permissions");
  stream.read(head.data(), head.size());
  std::string_view const start(head.data(), static_cast<std::size_t>(stream.gcount()));
  if (start.starts_with("\x89HDF\r\n\x1a\n")) return Format::hdf5;
  if (start.starts_with("PK")) return Format::npz;
  if (start.starts_with("\x93NUMPY")) return Format::npy;
  throw unusable(file, "it is neither HDF5 nor .npy nor .npz", "Save the rows in one of those formats");
}

void take_shape(Array& array, Shape const& shape, fs::path const& file) {
  if (shape.empty()) throw unusable(file, "'" + array.name + "' is a single number", "Name an array of rows");
  array.dims = shape.size() == 1 ? 1 : shape.back();
  array.points = 1;
  for (std::size_t axis = 0; axis + (shape.size() > 1 ? 1 : 0) < shape.size(); ++axis) array.points *= shape[axis];
  if (array.points < 1 || array.dims < 1)
    throw unusable(file, fmt::format("'{}' has shape ({})", array.name, fmt::join(shape, ", ")),
                   "Name an array that holds something");
}

/// The series in an archive that holds one, as either format names it; else empty.
std::string series_in(Archive const& archive) {
  for (auto const* name : {"/x", "X"})
    if (archive.has(name) && archive.shape(name).size() == 2) return name;
  return {};
}

Array from_archive(Archive const& archive, ArrayNames const& names) {
  auto chosen = names.array.empty() ? series_in(archive) : names.array;
  if (chosen.empty()) {
    std::vector<std::string> matrices;
    for (auto const& name : archive.names)
      if (archive.shape(name).size() >= 2) matrices.push_back(name);
    if (matrices.size() != 1)
      throw unusable(archive.file,
                     matrices.empty()
                         ? fmt::format("it holds no array of two axes or more, only {}", fmt::join(archive.names, ", "))
                         : fmt::format("several of its arrays could be meant: {}", fmt::join(matrices, ", ")),
                     "Name one with --array");
    chosen = matrices.front();
  }
  archive.require(chosen);
  Array array;
  array.name = archive.file.filename().string() + ":" + chosen;
  take_shape(array, archive.shape(chosen), archive.file);
  array.x = archive.values(chosen);
  if (!names.labels.empty()) {
    archive.require(names.labels);
    array.labels = archive.integers(names.labels);
    array.labels_name = "label";
  }
  return array;
}

Array from_npy(fs::path const& file, ArrayNames const& names) {
  if (!names.array.empty() || !names.labels.empty())
    throw errors::usage(fmt::format("--{} with {}", names.array.empty() ? "labels" : "array", file.string()),
                        "a .npy holds one array without a name", "Leave it out, or save several arrays as .npz");
  auto const stored = store::read_npy(file);
  Array array;
  array.name = file.filename().string();
  take_shape(array, stored.shape, file);
  array.x = numbers(stored, file, "its array").as<double>();
  return array;
}

Array from_series(fs::path const& path) {
  auto const series = series::open_series(path);
  Array array;
  array.name = series->file.filename().string();
  array.points = series->n_steps;
  array.dims = series->stored.channels;
  array.labels_name = "circle_id";
  array.x.reserve(static_cast<std::size_t>(array.points * array.dims));
  if (series->claimed) array.noise = series->claimed->noise_std;
  constexpr std::int64_t block = 1 << 16;
  series->read(block, [&](series::Block const& steps) {
    array.x.insert(array.x.end(), steps.x.begin(), steps.x.end());
    array.labels.insert(array.labels.end(), steps.circle.begin(), steps.circle.end());
  });
  return array;
}

void require_finite(Array const& array, fs::path const& file) {
  auto const bad = std::find_if(array.x.begin(), array.x.end(), [](double value) { return !std::isfinite(value); });
  if (bad == array.x.end()) return;
  auto const at = bad - array.x.begin();
  throw unusable(file, fmt::format("the value in row {}, column {} is {}", at / array.dims, at % array.dims, *bad),
                 "Remove the row, or find out where it comes from");
}

}  // namespace

bool Array::whole_numbers() const {
  constexpr double most = 1 << 30;  // so that distances fit
  return std::all_of(x.begin(), x.end(),
                     [](double value) { return value == std::floor(value) && std::abs(value) <= most; });
}

Array load_array(fs::path const& file, ArrayNames const& names) {
  if (!fs::exists(file))
    throw errors::input(file.string() + " cannot be read", "no such file or folder", "Check --data");
  if (fs::is_directory(file)) {
    if (names.array.empty() && names.labels.empty()) return from_series(file);
    throw errors::usage(fmt::format("--{} with the folder {}", names.array.empty() ? "labels" : "array", file.string()),
                        "it names something in a file", "Name the file inside with --data");
  }
  auto const format = format_of(file);
  Array array;
  if (format == Format::npy) {
    array = from_npy(file, names);
  } else {
    auto const archive = format == Format::hdf5 ? open_hdf5(file) : open_npz(file);
    array = names.array.empty() && names.labels.empty() && !series_in(archive).empty() ? from_series(file)
                                                                                       : from_archive(archive, names);
  }
  if (!array.labels.empty() && static_cast<std::int64_t>(array.labels.size()) != array.points)
    throw unusable(file, fmt::format("'{}' has {} values for {} rows", names.labels, array.labels.size(), array.points),
                   "Name an array with one label a row");
  require_finite(array, file);
  return array;
}

Array pick(Array const& array, std::vector<std::int64_t> const& rows) {
  Array picked{.name = array.name,
               .points = static_cast<std::int64_t>(rows.size()),
               .dims = array.dims,
               .x = {},
               .labels = {},
               .labels_name = array.labels_name,
               .noise = array.noise};
  picked.x.reserve(rows.size() * static_cast<std::size_t>(array.dims));
  for (auto const row : rows) {
    auto const* const from = array.x.data() + row * array.dims;
    picked.x.insert(picked.x.end(), from, from + array.dims);
    if (!array.labels.empty()) picked.labels.push_back(array.labels[static_cast<std::size_t>(row)]);
  }
  return picked;
}

}  // namespace mambasynth::dimension
