#include "series/series_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "arrays/archive.hpp"
#include "arrays/format.hpp"
#include "config/section.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "progress/count.hpp"
#include "series/config_json.hpp"
#include "series/recording.hpp"
#include "series/series_h5.hpp"
#include "store/archive/npz.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::series {
namespace {

namespace fs = std::filesystem;
using Shape = std::vector<std::int64_t>;

constexpr char const* generate_one = "Generate one with 'mambasynth data --out DIR'";

errors::Error unusable(fs::path const& file, std::string const& why) {
  return errors::input(file.string() + " cannot be used as a series", why, generate_one);
}

std::string in_words(Shape const& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

/// Shape checks common to both formats; names as in the file.
struct Names {
  char const* x;
  char const* circle;
  char const* phase;
  char const* transition_matrix;
  char const* radius;
  char const* entry_angle;
  char const* period;
};
constexpr Names npz_names{"X", "states", "thetas", "transition_matrix", "radii", "entry_angles", "periods"};
constexpr Names h5_names{"/x", "/circle", "/phase", "/transition_matrix", "/radius", "/entry_angle", "/period"};

/// The shapes of the arrays in the file; absent arrays are missing from `shapes`.
void take_shapes(SeriesFile& series, std::map<std::string, Shape> const& shapes, Names const& names) {
  auto const found = shapes.find(names.x);
  if (found == shapes.end())
    throw unusable(series.file,
                   fmt::format("it has no array '{}'; a series has one of shape (time, channel)", names.x));
  auto const& x = found->second;
  if (x.size() != 2 || x[0] < 1 || x[1] < 1)
    throw unusable(series.file, fmt::format("'{}' has shape {}, not (time, channel)", names.x, in_words(x)));
  series.n_steps = x[0];
  series.stored.channels = x[1];
  auto const require = [&](char const* name, Shape const& expected) {
    auto const it = shapes.find(name);
    if (it != shapes.end() && it->second != expected)
      throw unusable(series.file, fmt::format("'{}' has shape {}; '{}' of shape {} requires {}", name,
                                              in_words(it->second), names.x, in_words(x), in_words(expected)));
  };
  require(names.circle, {x[0]});
  require(names.phase, {x[0]});
  if (auto const it = shapes.find(names.transition_matrix); it != shapes.end() && !it->second.empty()) {
    series.stored.circles = it->second[0];
    auto const n = series.stored.circles;
    require(names.transition_matrix, {n, n});
    for (char const* name : {names.radius, names.entry_angle, names.period}) require(name, {n});
  }
}

/// Code that divides by a period needs one.
void require_periods(SeriesFile const& series, Names const& names) {
  auto const bad = std::find_if(series.stored.period.begin(), series.stored.period.end(),
                                [](std::int64_t period) { return period < 1; });
  if (bad != series.stored.period.end())
    throw unusable(series.file, fmt::format("'{}' holds a period of {} steps; the least is 1", names.period, *bad));
}

/// A configuration that does not match the arrays did not generate them; this is detected before anything is
/// regenerated.
void claim(SeriesFile& series, config::Data const& data) {
  auto const differ = [&](char const* key, std::int64_t configured, std::int64_t stored) {
    if (configured == stored) return false;
    series.unclaimed_because = fmt::format("its configuration has {} = {}, its arrays {}", key, configured, stored);
    return true;
  };
  if (differ("n_steps", data.n_steps, series.n_steps)) return;
  if (differ("ambient_dim", data.ambient_dim, series.stored.channels)) return;
  if (series.stored.circles > 0 && differ("n_circles", data.n_circles, series.stored.circles)) return;
  series.claimed = data;
}

class NpzSeries final : public SeriesFile {
 public:
  explicit NpzSeries(fs::path const& path) : npz_(path) {
    file = path;
    std::map<std::string, store::StoredArray> arrays;
    std::map<std::string, Shape> shapes;
    for (char const* name : {npz_names.x, npz_names.circle, npz_names.phase, npz_names.transition_matrix,
                             npz_names.radius, npz_names.entry_angle, npz_names.period}) {
      if (!npz_.has(name)) continue;
      try {
        if (auto array = npz_.open(name); array.numbers()) {
          shapes[name] = array.shape();
          arrays.emplace(name, std::move(array));
        }
      } catch (errors::Error const&) {
        if (name == std::string_view(npz_names.x)) throw;  // the others are optional
      }
    }
    take_shapes(*this, shapes, npz_names);
    auto const doubles = [&](char const* name) {
      return arrays.contains(name) ? std::move(arrays.at(name)).read<double>() : std::vector<double>{};
    };
    auto const integers = [&](char const* name) {
      return arrays.contains(name) ? std::move(arrays.at(name)).read<std::int64_t>() : std::vector<std::int64_t>{};
    };
    if (arrays.at(npz_names.x).first_axis_fastest()) x_ = doubles(npz_names.x);
    circle_ = integers(npz_names.circle);
    phase_ = doubles(npz_names.phase);
    stored.transition_matrix = doubles(npz_names.transition_matrix);
    stored.radius = doubles(npz_names.radius);
    stored.entry_angle = doubles(npz_names.entry_angle);
    stored.period = integers(npz_names.period);
    require_periods(*this, npz_names);

    auto const json = path.parent_path() / "config.json";
    if (!fs::exists(json)) {
      unclaimed_because = json.string() + " is missing";
      return;
    }
    try {
      claim(*this, from_config_json(store::read_text(json), json.string()));
    } catch (errors::Error const& error) {
      unclaimed_because = error.what();
    }
  }

  void read(std::int64_t block_steps, std::function<void(Block const&)> const& consume) const override {
    auto x = npz_.open(npz_names.x);
    std::vector<double> block;
    progress::Count count(n_steps, "step");
    for (std::int64_t first = 0; first < n_steps; first += block_steps) {
      errors::check_stop();
      auto const steps = std::min(block_steps, n_steps - first);
      auto const rows = [&](auto const& values, std::int64_t width) {
        return values.empty() ? std::span(values)
                              : std::span(values).subspan(static_cast<std::size_t>(first * width),
                                                          static_cast<std::size_t>(steps * width));
      };
      if (x_.empty()) {
        block.resize(static_cast<std::size_t>(steps * stored.channels));
        x.next(std::span(block));
      }
      consume({first, x_.empty() ? std::span<double const>(block) : rows(x_, stored.channels), rows(circle_, 1),
               rows(phase_, 1)});
      count.add(steps);
    }
  }

 private:
  store::NpzReader npz_;
  std::vector<double> x_;  ///< if the file is not in time order; otherwise decoded block by block
  std::vector<double> phase_;
  std::vector<std::int64_t> circle_;
};

class H5Series final : public SeriesFile {
 public:
  explicit H5Series(fs::path const& path) : reader_(path) {
    file = path;
    std::map<std::string, Shape> shapes;
    for (char const* name : {h5_names.x, h5_names.circle, h5_names.phase, h5_names.transition_matrix, h5_names.radius,
                             h5_names.entry_angle, h5_names.period})
      if (reader_.is_dataset(name) && reader_.describe(name).unusable.empty()) shapes[name] = reader_.shape(name);
    take_shapes(*this, shapes, h5_names);
    has_circle_ = shapes.contains(h5_names.circle);
    has_phase_ = shapes.contains(h5_names.phase);
    auto const fill = [&](char const* name, auto& target) {
      using Value = typename std::remove_cvref_t<decltype(target)>::value_type;
      if (shapes.contains(name)) target = reader_.read<Value>(name);
    };
    fill(h5_names.transition_matrix, stored.transition_matrix);
    fill(h5_names.radius, stored.radius);
    fill(h5_names.entry_angle, stored.entry_angle);
    fill(h5_names.period, stored.period);
    require_periods(*this, h5_names);
    try {
      claim(*this, configuration_of(reader_, path));
    } catch (errors::Error const& error) {
      unclaimed_because = error.what();
    }
  }

  void read(std::int64_t block_steps, std::function<void(Block const&)> const& consume) const override {
    progress::Count count(n_steps, "step");
    for (std::int64_t first = 0; first < n_steps; first += block_steps) {
      errors::check_stop();
      auto const steps = std::min(block_steps, n_steps - first);
      auto const x = reader_.read_rows<double>(h5_names.x, first, steps);
      auto const circle =
          has_circle_ ? reader_.read_rows<std::int64_t>(h5_names.circle, first, steps) : std::vector<std::int64_t>{};
      auto const phase = has_phase_ ? reader_.read_rows<double>(h5_names.phase, first, steps) : std::vector<double>{};
      consume({first, x, circle, phase});
      count.add(steps);
    }
  }

 private:
  store::Hdf5Reader reader_;
  bool has_circle_ = false;
  bool has_phase_ = false;
};

/// Whether the file has a series by the name that ours have; one of another shape is reported when it is read.
bool is_series(arrays::Archive const& archive, char const* x) {
  auto const found = archive.find(x);
  return found && found->shape.size() != 3;
}

std::unique_ptr<SeriesFile> open_file(DataFile const& data) {
  auto const format = arrays::format_of(data.path);
  auto const of_archive = [&](arrays::Archive const& archive, Names const& names) -> std::unique_ptr<SeriesFile> {
    auto const named = [&](std::string const& name) { return name == names.x || "/" + name == names.x; };
    if ((data.array.empty() || named(data.array)) && data.labels.empty() && is_series(archive, names.x)) return nullptr;
    return open_recording(archive, data, names.x);
  };
  switch (format) {
    case arrays::Format::npz:
      if (auto recording = of_archive(arrays::open_npz(data.path), npz_names)) return recording;
      return std::make_unique<NpzSeries>(data.path);
    case arrays::Format::hdf5:
      if (auto recording = of_archive(arrays::open_hdf5(data.path), h5_names)) return recording;
      return std::make_unique<H5Series>(data.path);
    case arrays::Format::npy:
      return open_npy_recording(data);
    case arrays::Format::csv:
      return open_csv_recording(data);
  }
  throw std::logic_error("unhandled format of a file");
}

bool same_keys(config::Data const& a, config::Data const& b) {
  return config::section_to_toml(a) == config::section_to_toml(b);
}

}  // namespace

bool holds_series(fs::path const& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "series.h5", ignored) || fs::is_regular_file(folder / "data.npz", ignored);
}

std::unique_ptr<SeriesFile> open_series(DataFile const& data) {
  auto const& path = data.path;
  if (!fs::exists(path)) throw errors::input(path.string() + " cannot be read", "no such file or folder", generate_one);
  if (!fs::is_directory(path)) return open_file(data);
  if (!data.array.empty() || !data.labels.empty())
    throw errors::usage(fmt::format("--{} with the folder {}", data.array.empty() ? "labels" : "array", path.string()),
                        "it names an array in a file", "Name the file inside with --data");
  auto const h5 = path / "series.h5", npz = path / "data.npz", json = path / "config.json";
  if (!fs::exists(h5)) {
    if (fs::exists(npz)) return open_file(npz);
    throw errors::input(path.string() + " holds no series", "neither series.h5 nor data.npz is there", generate_one);
  }
  auto opened = open_file(h5);
  if (fs::exists(npz) && fs::exists(json) && opened->claimed) {
    auto const of_npz = from_config_json(store::read_text(json), json.string());
    if (!same_keys(*opened->claimed, of_npz))
      throw errors::input(path.string() + " holds two different series",
                          "the configuration in series.h5 differs from config.json, which belongs to data.npz",
                          "Name the file that you mean, or generate both again");
  }
  return opened;
}

}  // namespace mambasynth::series
