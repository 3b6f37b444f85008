#include "dimension/array.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "arrays/archive.hpp"
#include "arrays/format.hpp"
#include "arrays/recorded_table.hpp"
#include "errors/errors.hpp"
#include "errors/printable.hpp"
#include "series/series_file.hpp"
#include "store/archive/npz.hpp"

namespace mambasynth::dimension {
namespace {

namespace fs = std::filesystem;
using arrays::Archive;
using arrays::Format;
using arrays::Member;
using arrays::Shape;
using arrays::unusable;

void take_shape(Array& array, Shape const& shape, fs::path const& file) {
  if (shape.empty()) throw unusable(file, "'" + array.name + "' is a single number", "Name an array of rows");
  array.dims = shape.size() == 1 ? 1 : shape.back();
  array.points = 1;
  for (std::size_t axis = 0; axis + (shape.size() > 1 ? 1 : 0) < shape.size(); ++axis) array.points *= shape[axis];
  if (array.points < 1 || array.dims < 1)
    throw unusable(file, fmt::format("'{}' has shape ({})", array.name, fmt::join(shape, ", ")),
                   "Name a nonempty array");
}

/// Names of the series in an archive and of its circles, by either format's convention; empty without a series.
ArrayNames series_in(Archive const& archive) {
  for (auto const& [x, circle] : {std::pair{"/x", "/circle"}, std::pair{"X", "states"}}) {
    auto const found = archive.find(x);
    if (!found || !found->matrix() || found->shape.size() != 2) continue;
    auto const circles = archive.find(circle);
    bool const fits = circles && circles->unusable.empty() && circles->shape == Shape{found->shape[0]};
    return {x, fits ? circle : ""};
  }
  return {};
}

/// The only array with rows.
std::string only_matrix(Archive const& archive) {
  return archive.only([](Member const& member) { return member.matrix(); }, "array of numbers with two axes or more",
                      "Name one with --array");
}

Array from_archive(Archive const& archive, ArrayNames const& names) {
  auto const chosen = archive.need(names.array.empty() ? only_matrix(archive) : names.array);
  Array array;
  array.name = archive.file.filename().string() + ":" + errors::quotable(chosen.name);
  take_shape(array, chosen.shape, archive.file);
  array.x = archive.values(chosen.name);
  if (!names.labels.empty()) {
    array.labels = archive.integers(archive.need(names.labels).name);
    array.labels_name = "label";
  }
  return array;
}

Array from_npy(fs::path const& file, ArrayNames const& names) {
  if (!names.array.empty() || !names.labels.empty())
    throw errors::usage(fmt::format("--{} with {}", names.array.empty() ? "labels" : "array", file.string()),
                        "a .npy holds one array without a name", "Leave it out, or save several arrays as .npz");
  auto stored = store::open_npy(file);
  Array array;
  array.name = file.filename().string();
  take_shape(array, stored.shape(), file);
  if (!stored.numbers()) throw unusable(file, fmt::format("its array is of type '{}'", stored.dtype()), "Save numbers");
  array.x = std::move(stored).read_columns();
  return array;
}

Array from_csv(fs::path const& file, ArrayNames const& names) {
  if (!names.array.empty())
    throw errors::usage("--array with " + file.string(), "a CSV file holds one table without a name", "Leave it out");
  auto table = arrays::read_recorded_table(file, names.labels);
  Array array;
  array.name = file.filename().string();
  array.points = table.rows;
  array.dims = table.channels;
  array.x = std::move(table.x);
  array.labels = std::move(table.labels);
  array.labels_name = "label";
  array.notes = std::move(table.notes);
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
  constexpr double most = 1 << 30;  // so that distances are exact
  return std::all_of(x.begin(), x.end(),
                     [](double value) { return value == std::floor(value) && std::abs(value) <= most; });
}

Array load_array(fs::path const& file, ArrayNames const& names) {
  if (!fs::exists(file))
    throw errors::input(file.string() + " cannot be read", "no such file or folder", "Check --data");
  if (fs::is_directory(file)) {
    if (names.array.empty() && names.labels.empty()) return from_series(file);
    throw errors::usage(fmt::format("--{} with the folder {}", names.array.empty() ? "labels" : "array", file.string()),
                        "it names an array in a file", "Name the file inside with --data");
  }
  auto const format = arrays::format_of(file);
  Array array;
  if (format == Format::npy) {
    array = from_npy(file, names);
  } else if (format == Format::csv) {
    array = from_csv(file, names);
  } else {
    auto const archive = format == Format::hdf5 ? arrays::open_hdf5(file) : arrays::open_npz(file);
    auto const series = names.array.empty() ? series_in(archive) : ArrayNames{};
    if (series.array.empty()) {
      array = from_archive(archive, names);
    } else if (!names.labels.empty()) {
      array = from_archive(archive, {series.array, names.labels});
    } else if (archive.is_special(series.array)) {
      array = from_archive(archive, series);
      array.labels_name = "circle_id";
    } else {
      array = from_series(file);
    }
  }
  if (!array.labels.empty() && static_cast<std::int64_t>(array.labels.size()) != array.points)
    throw unusable(file, fmt::format("'{}' has {} values for {} rows", names.labels, array.labels.size(), array.points),
                   "Name an array with one label per row");
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
               .notes = {},
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
