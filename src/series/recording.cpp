#include "series/recording.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "arrays/recorded_table.hpp"
#include "errors/errors.hpp"
#include "errors/printable.hpp"
#include "errors/stop.hpp"
#include "store/archive/npz.hpp"

namespace mambasynth::series {
namespace {

constexpr char const* accepted_shapes = "(time, channel) or (trial, time, channel)";

/// In memory: only few formats can be read block by block.
class Recording final : public SeriesFile {
 public:
  std::vector<double> x;             ///< (time, channel)
  std::vector<std::int64_t> labels;  ///< (time), or empty

  explicit Recording(std::filesystem::path const& path) {
    file = path;
    unclaimed_because = "it is a recording, not a generated series";
  }

  void take_shape(arrays::Shape const& shape, std::string const& name) {
    if ((shape.size() != 2 && shape.size() != 3) || std::find(shape.begin(), shape.end(), 0) != shape.end())
      throw arrays::unusable(file,
                             fmt::format("{} has shape ({}), not {}", name, fmt::join(shape, ", "), accepted_shapes),
                             shape.size() == 1 ? "Save a single channel as x[:, None]" : "Save it in such a shape");
    stored.channels = shape.back();
    segments = shape.size() == 3 ? shape[0] : 1;
    n_steps = segments * shape[shape.size() - 2];
    if (n_steps / segments < stored.channels)
      notes.push_back(
          fmt::format("warning: {} has {} steps of {} channels. If its axes are (channel, time), save its transpose.",
                      name, n_steps / segments, stored.channels));
  }

  /// Figures and probes need small numbers from 0. False if there are too many different labels for classes.
  bool number_labels(std::string const& name) {
    constexpr std::size_t most_classes = 1000;
    std::set<std::int64_t> distinct;
    for (auto const label : labels)
      if (distinct.insert(label).second && distinct.size() > most_classes) return false;
    if (*distinct.begin() >= 0 && *distinct.rbegin() < static_cast<std::int64_t>(most_classes)) return true;
    std::vector<std::int64_t> const sorted(distinct.begin(), distinct.end());
    for (auto& label : labels) label = std::lower_bound(sorted.begin(), sorted.end(), label) - sorted.begin();
    notes.push_back(fmt::format("note: the labels {} of {} are numbered from 0 in this order.",
                                arrays::listed(sorted, [](std::int64_t label) { return std::to_string(label); }),
                                name));
    return true;
  }

  void require_classes(std::string const& name) {
    if (!number_labels(name))
      throw arrays::unusable(file, name + " holds more than 1,000 different labels", "Name an array of classes");
  }

  void read(std::int64_t block_steps, std::function<void(Block const&)> const& consume) const override {
    for (std::int64_t first = 0; first < n_steps; first += block_steps) {
      errors::check_stop();
      auto const steps = static_cast<std::size_t>(std::min(block_steps, n_steps - first));
      auto const rows = [&](auto const& values, std::size_t width) {
        return values.empty() ? std::span(values)
                              : std::span(values).subspan(static_cast<std::size_t>(first) * width, steps * width);
      };
      consume({first, rows(x, static_cast<std::size_t>(stored.channels)), rows(labels, 1), {}});
    }
  }
};

bool has_labels_for(arrays::Member const& member, Recording const& recording) {
  auto const n = recording.n_steps, trials = recording.segments;
  return member.unusable.empty() && (member.shape == arrays::Shape{n} || member.shape == arrays::Shape{n, 1} ||
                                     member.shape == arrays::Shape{trials, n / trials});
}

/// Nothing if a value is not an integer.
std::optional<std::vector<std::int64_t>> integers_in(arrays::Archive const& archive, std::string const& name) {
  constexpr double largest = 1LL << 53;
  std::vector<std::int64_t> integers;
  for (auto const value : archive.doubles(name)) {
    if (value != std::floor(value) || std::abs(value) > largest) return std::nullopt;
    integers.push_back(static_cast<std::int64_t>(value));
  }
  return integers;
}

void take_named_labels(Recording& recording, arrays::Archive const& archive, std::string const& name) {
  auto const member = archive.need(name);
  auto const shown = "'" + errors::quotable(member.name) + "'";
  if (!has_labels_for(member, recording))
    throw arrays::unusable(recording.file,
                           fmt::format("the labels {} have shape ({}) for {} steps", shown,
                                       fmt::join(member.shape, ", "), recording.n_steps),
                           "Name an array with one label for each step");
  auto labels = integers_in(archive, member.name);
  if (!labels)
    throw arrays::unusable(recording.file, "the labels " + shown + " are not all integers",
                           "Number the classes from 0");
  recording.labels = *std::move(labels);
  recording.require_classes(shown);
}

/// An array of integers that looks like labels; it is left out without a word if it does not fit.
void find_labels(Recording& recording, arrays::Archive const& archive, std::string const& array) {
  for (auto const& member : archive.list()) {
    if (member.name == array || !member.named_as_labels() || !has_labels_for(member, recording)) continue;
    auto labels = integers_in(archive, member.name);
    if (!labels) continue;
    recording.labels = *std::move(labels);
    auto const shown = "'" + errors::quotable(member.name) + "'";
    if (recording.number_labels(shown)) {
      recording.notes.push_back("note: " + shown + " labels the steps of the recording.");
      return;
    }
    recording.labels.clear();
  }
}

}  // namespace

std::unique_ptr<SeriesFile> open_recording(arrays::Archive const& archive, DataFile const& data,
                                           std::string const& usual) {
  auto const of_shape = [](arrays::Member const& member) {
    return member.matrix() && (member.shape.size() == 2 || member.shape.size() == 3);
  };
  auto const name = [&] {
    if (!data.array.empty()) return data.array;
    if (auto const found = archive.find(usual); found && of_shape(*found)) return usual;
    return archive.only(of_shape, fmt::format("array '{}' and no other of shape {}", usual, accepted_shapes),
                        "Save the recording in such a shape");
  };
  auto const chosen = archive.need(name());
  auto recording = std::make_unique<Recording>(archive.file);
  recording->take_shape(chosen.shape, "'" + errors::quotable(chosen.name) + "'");
  recording->x = archive.doubles(chosen.name);
  if (data.labels.empty()) find_labels(*recording, archive, chosen.name);
  else take_named_labels(*recording, archive, data.labels);
  return recording;
}

std::unique_ptr<SeriesFile> open_npy_recording(DataFile const& data) {
  if (!data.array.empty() || !data.labels.empty())
    throw errors::usage(fmt::format("--{} with {}", data.array.empty() ? "labels" : "array", data.path.string()),
                        "a .npy holds one array without a name", "Leave it out, or save several arrays as .npz");
  auto stored = store::open_npy(data.path);
  auto recording = std::make_unique<Recording>(data.path);
  recording->take_shape(stored.shape(), "its array");
  if (!stored.numbers())
    throw arrays::unusable(data.path, fmt::format("its array is of type '{}'", stored.dtype()), "Save numbers");
  recording->x = std::move(stored).read<double>();
  return recording;
}

std::unique_ptr<SeriesFile> open_csv_recording(DataFile const& data) {
  if (!data.array.empty())
    throw errors::usage("--array with " + data.path.string(), "a CSV file holds one table without a name",
                        "Leave it out");
  auto table = arrays::read_recorded_table(data.path, data.labels);
  auto recording = std::make_unique<Recording>(data.path);
  recording->notes = std::move(table.notes);
  recording->take_shape({table.rows, table.channels}, "its table");
  recording->x = std::move(table.x);
  recording->labels = std::move(table.labels);
  if (!recording->labels.empty()) recording->require_classes("column '" + errors::quotable(table.labels_name) + "'");
  return recording;
}

}  // namespace mambasynth::series
