#include "series/series_h5.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <type_traits>

#include "config/section.hpp"
#include "errors/errors.hpp"
#include "series/write_files.hpp"

namespace mambasynth::series {
namespace {

std::vector<std::int64_t> numbers(std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), first);
  return values;
}

/// About 1 MiB, HDF5's chunk cache.
std::uint64_t chunk_rows(std::int64_t channels) {
  constexpr std::int64_t chunk_bytes = 1 << 20, row_bytes = sizeof(double);
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(chunk_bytes / (row_bytes * channels), 1, 8192));
}

}  // namespace

SeriesH5::SeriesH5(std::filesystem::path const& file, config::Data const& data, Process const& process)
    : sampling_rate_(data.sampling_rate), result_(file, schema_version) {
  write_configuration(data);
  write_process(process);
  auto& h5 = result_.h5();
  constexpr std::uint64_t scalar_chunk = 65536;
  time_ = sampling_rate_ > 0 ? h5.stream_scale<double>("/time", scalar_chunk, {"time", "s"})
                             : h5.stream_scale<std::int64_t>("/time", scalar_chunk, {"time step", "1"});
  x_ = h5.stream<double>("/x", {"/time", "/channel"}, chunk_rows(process.channels), {"observed series", "1"});
  circle_ = h5.stream<std::int64_t>("/circle", {"/time"}, scalar_chunk, {"circle visited at this step", "1"});
  phase_ = h5.stream<double>("/phase", {"/time"}, scalar_chunk, {"angle on the circle, wrapped to [0, 2 pi)", "rad"});
}

void SeriesH5::write_configuration(config::Data const& data) {
  auto& h5 = result_.h5();
  h5.attribute("/", "title", "Markov-switching circles");
  config::for_each_field<config::Data>([&](auto const& field) {
    if (config::Data::describes_recording(field.key)) return;
    auto const& value = data.*field.member;
    std::string const key(field.key);
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::optional<std::int64_t>>) {
      if (value) h5.attribute("/", key, *value);
    } else if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(value)>> &&
                         !std::is_same_v<std::remove_cvref_t<decltype(value)>, bool>) {
      h5.attribute("/", key, value);
    }
  });
  auto generated = data;
  generated.path.clear();
  h5.attribute("/", "configuration", config::section_to_toml(generated, config::Data::describes_recording));
}

void SeriesH5::write_process(Process const& process) {
  auto& h5 = result_.h5();
  h5.counting_scale("/channel", 0, process.channels, {"channel of the series", "1"});
  h5.counting_scale("/circle_id", 0, process.circles, {"circle", "1"});
  h5.counting_scale("/next_circle", 0, process.circles, {"circle visited next", "1"});
  h5.counting_scale("/axis", 0, 2, {"axis of a circle's plane", "1"});
  h5.dataset<double>("/transition_matrix", process.transition_matrix, {"/circle_id", "/next_circle"},
                     {"probability of the next circle at the end of a visit", "1"});
  h5.dataset<double>("/radius", process.radius, {"/circle_id"}, {"radius", "1"});
  h5.dataset<double>("/entry_angle", process.entry_angle, {"/circle_id"}, {"angle at which each visit starts", "rad"});
  h5.dataset<std::int64_t>("/period", process.period, {"/circle_id"}, {"steps of a revolution", "steps"});
  h5.dataset<double>("/plane", process.plane, {"/circle_id", "/axis", "/channel"},
                     {"orthonormal vectors that span the circle's plane", "1"});
}

void SeriesH5::add(Block const& block) {
  auto const steps = numbers(block.first, block.steps());
  if (sampling_rate_ > 0) {
    std::vector<double> seconds;
    for (auto const step : steps) seconds.push_back(static_cast<double>(step) / sampling_rate_);
    time_.append(std::span<double const>(seconds));
  } else {
    time_.append(std::span<std::int64_t const>(steps));
  }
  x_.append(block.x);
  circle_.append(block.circle);
  phase_.append(block.phase);
}

config::Data configuration_of(store::Hdf5Reader const& reader, std::filesystem::path const& file) {
  config::Data data;
  config::for_each_field<config::Data>([&](auto const& field) {
    if (config::Data::describes_recording(field.key)) return;
    auto& value = data.*field.member;
    using Value = std::remove_cvref_t<decltype(value)>;
    std::string const key(field.key);
    // Files older than the key hold what its default generates.
    if (field.effect == config::Effect::result_unless_default && !reader.has_attribute("/", key)) return;
    if constexpr (std::is_same_v<Value, std::optional<std::int64_t>>) {
      if (reader.has_attribute("/", key)) value = reader.integer_attribute("/", key);
    } else if constexpr (std::is_same_v<Value, std::int64_t>) {
      value = reader.integer_attribute("/", key);
    } else if constexpr (std::is_same_v<Value, double>) {
      value = reader.number_attribute("/", key);
    }
  });
  if (auto const violation = first_violation(data); !violation.empty())
    throw errors::input(file.string() + " cannot be used", "its attribute " + violation, "Generate the series again");
  return data;
}

}  // namespace mambasynth::series
