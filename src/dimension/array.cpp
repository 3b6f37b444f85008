#include "dimension/array.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

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

/// Names come out of files: control characters must neither break the message's line nor reach the terminal.
std::string printable(std::string const& name) {
  std::string text;
  for (char const c : name) {
    bool const control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    text += control ? fmt::format("\\x{:02x}", static_cast<unsigned>(c)) : std::string(1, c);
  }
  return text;
}

/// An array in a file, before its values are read.
struct Member {
  std::string name;
  Shape shape;
  std::string unusable;  ///< what it is instead of numbers; empty: numbers

  [[nodiscard]] bool matrix() const {
    return unusable.empty() && shape.size() >= 2 && std::find(shape.begin(), shape.end(), 0) == shape.end();
  }
  [[nodiscard]] std::string in_words() const {
    return printable(name) + " (" + (unusable.empty() ? fmt::format("shape ({})", fmt::join(shape, ", ")) : unusable) + ")";
  }
};

/// As many as fit into a message.
template <class Members, class InWords>
std::string listed(Members const& members, InWords const& in_words) {
  constexpr std::size_t most = 12;
  std::vector<std::string> words;
  for (auto const& member : members)
    if (words.size() < most) words.push_back(in_words(member));
  auto text = words.empty() ? "nothing" : fmt::format("{}", fmt::join(words, ", "));
  if (members.size() > most) text += fmt::format(" and {} more", members.size() - most);
  return text;
}

/// A file as named arrays.
struct Archive {
  fs::path file;
  /// An array that is there by this name, else nothing; nothing else is looked at.
  std::function<std::optional<Member>(std::string const&)> find;
  std::function<std::vector<Member>()> list;
  std::function<std::vector<double>(std::string const&)> values;
  std::function<std::vector<std::int64_t>(std::string const&)> integers;
  /// The array is 64-bit integers, or has its axes in the order of MATLAB: no reader of series knows that.
  std::function<bool(std::string const&)> is_special;

  [[nodiscard]] Member need(std::string const& name) const {
    if (auto found = find(name)) {
      if (!found->unusable.empty())
        throw unusable(file, fmt::format("'{}' holds no numbers: {}", printable(name), found->unusable), "Name an array of numbers");
      return *std::move(found);
    }
    auto const all = list();
    std::vector<std::string> names;
    for (auto const& member : all) names.push_back(member.name);
    auto const near = errors::nearest(name, names);
    throw unusable(file, fmt::format("it holds no array '{}'; it holds {}", printable(name), listed(names, printable)),
                   near.empty() ? "Name one of those" : "Did you mean '" + printable(near) + "'?");
  }
};

/// MATLAB's first axis is the fastest, so its files name the axes in reverse.
constexpr char const* matlab_attribute = "MATLAB_class";

std::vector<double> with_axes_reversed(std::vector<double> const& values, Shape const& reversed) {
  std::vector<double> out(values.size());
  Shape index(reversed.size(), 0);
  for (auto const value : values) {
    std::int64_t place = 0;
    for (std::size_t axis = 0; axis < reversed.size(); ++axis) place = place * reversed[axis] + index[axis];
    out[static_cast<std::size_t>(place)] = value;
    for (std::size_t axis = 0; axis < reversed.size() && ++index[axis] == reversed[axis]; ++axis) index[axis] = 0;
  }
  return out;
}

class Hdf5Arrays {
 public:
  explicit Hdf5Arrays(fs::path const& file) : reader_(file) {}

  [[nodiscard]] std::optional<Member> find(std::string const& name) const {
    auto const path = name.starts_with('/') ? name : "/" + name;
    if (!reader_.is_dataset(path)) return std::nullopt;
    return member(reader_.describe(path));
  }
  [[nodiscard]] std::vector<Member> list() const {
    std::vector<Member> members;
    for (auto& found : reader_.datasets()) members.push_back(member(std::move(found)));
    return members;
  }
  [[nodiscard]] std::vector<double> values(std::string const& name) const {
    if (!from_matlab(name)) return reader_.read_columns(name);
    return with_axes_reversed(reader_.read<double>(name), find(name)->shape);
  }
  [[nodiscard]] std::vector<std::int64_t> integers(std::string const& name) const { return reader_.read<std::int64_t>(name); }
  [[nodiscard]] bool is_special(std::string const& name) const { return from_matlab(name) || reader_.holds_wide_integers(name); }

 private:
  [[nodiscard]] bool from_matlab(std::string const& name) const { return reader_.has_attribute(name, matlab_attribute); }
  [[nodiscard]] Member member(store::Hdf5Dataset found) const {
    if (found.shape.size() > 1 && from_matlab(found.path)) std::reverse(found.shape.begin(), found.shape.end());
    return {std::move(found.path), std::move(found.shape), std::move(found.unusable)};
  }
  store::Hdf5Reader reader_;
};

class NpzArrays {
 public:
  explicit NpzArrays(fs::path const& file) : reader_(file) {}

  [[nodiscard]] std::optional<Member> find(std::string const& name) const {
    if (!reader_.has(name)) return std::nullopt;
    return described(name);
  }
  /// A member that is no array is of no concern where another one is meant.
  [[nodiscard]] std::vector<Member> list() const {
    std::vector<Member> members;
    for (auto const& name : reader_.names()) {
      try {
        members.push_back(described(name));
      } catch (errors::Error const&) {
        members.push_back({name, {}, "no array of plain values"});
      }
    }
    return members;
  }
  [[nodiscard]] std::vector<double> values(std::string const& name) const { return reader_.open(name).read_columns(); }
  [[nodiscard]] std::vector<std::int64_t> integers(std::string const& name) const { return reader_.open(name).read<std::int64_t>(); }
  [[nodiscard]] bool is_special(std::string const& name) const { return reader_.open(name).holds_wide_integers(); }

 private:
  [[nodiscard]] Member described(std::string const& name) const {
    auto const array = reader_.open(name);
    return {name, array.shape(), array.numbers() ? "" : "text"};
  }
  store::NpzReader reader_;
};

template <class Arrays>
Archive open_as(fs::path const& file) {
  auto const arrays = std::make_shared<Arrays>(file);
  return {.file = file,
          .find = [arrays](auto const& name) { return arrays->find(name); },
          .list = [arrays] { return arrays->list(); },
          .values = [arrays](auto const& name) { return arrays->values(name); },
          .integers = [arrays](auto const& name) { return arrays->integers(name); },
          .is_special = [arrays](auto const& name) { return arrays->is_special(name); }};
}

enum class Format { hdf5, npz, npy };
Format format_of(fs::path const& file) {
  std::array<char, 8> head{};
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw unusable(file, "it cannot be opened", "Check its permissions");
  stream.read(head.data(), head.size());
  std::string_view const start(head.data(), static_cast<std::size_t>(stream.gcount()));
  if (start.starts_with("PK")) return Format::npz;
  if (start.starts_with("\x93NUMPY")) return Format::npy;
  if (store::is_hdf5(file)) return Format::hdf5;
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

/// The series in an archive that holds one, as either format names it, and its circles; else empty.
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

/// The only array that has rows.
std::string only_matrix(Archive const& archive) {
  auto const all = archive.list();
  std::vector<std::string> matrices;
  for (auto const& member : all)
    if (member.matrix()) matrices.push_back(member.name);
  if (matrices.size() == 1) return matrices.front();
  if (all.size() == 1 && !all[0].unusable.empty()) return archive.need(all[0].name).name;  // says why
  throw unusable(archive.file,
                 matrices.empty() ? "it holds no array of numbers with two axes or more, only " +
                                        listed(all, [](Member const& member) { return member.in_words(); })
                                  : "several of its arrays could be meant: " + listed(matrices, printable),
                 "Name one with --array");
}

Array from_archive(Archive const& archive, ArrayNames const& names) {
  auto const chosen = archive.need(names.array.empty() ? only_matrix(archive) : names.array);
  Array array;
  array.name = archive.file.filename().string() + ":" + printable(chosen.name);
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
    auto const archive = format == Format::hdf5 ? open_as<Hdf5Arrays>(file) : open_as<NpzArrays>(file);
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
