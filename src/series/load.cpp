#include "series/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "errors/errors.hpp"
#include "series/series_file.hpp"
#include "store/archive/sha256.hpp"

namespace mambasynth::series {
namespace {

static_assert(std::endian::native == std::endian::little, "hashes are of little-endian values");

/// "step 5", or "trial 1, step 5" of a recording with trials.
std::string place_of(std::int64_t step, SeriesFile const& of) {
  auto const length = of.n_steps / of.segments;
  return (of.segments > 1 ? fmt::format("trial {}, ", step / length) : "") + fmt::format("step {}", step % length);
}

void require_usable(Block const& block, SeriesFile const& of) {
  auto const channels = of.stored.channels;
  auto const& file = of.file;
  auto const bad = std::find_if_not(block.x.begin(), block.x.end(), [](double value) {
    return std::isfinite(static_cast<float>(value));  // as models read it
  });
  if (bad != block.x.end()) {
    auto const index = bad - block.x.begin();
    throw errors::input(
        file.string() + " cannot be used",
        fmt::format("X is {} at {}, channel {}", *bad, place_of(block.first + index / channels, of), index % channels),
        "Repair the series; missing values are not supported");
  }
  auto const unnumbered = std::find_if(block.circle.begin(), block.circle.end(),
                                       [](std::int64_t c) { return c < 0 || c >= config::most_circles; });
  if (unnumbered != block.circle.end())
    throw errors::input(file.string() + " cannot be used",
                        fmt::format("the state is {} at {}", *unnumbered,
                                    place_of(block.first + (unnumbered - block.circle.begin()), of)),
                        fmt::format("Number the circles from 0, at most to {}", config::most_circles - 1));
}

/// Below this, single precision loses digits; the series may even become zeros.
class Magnitude {
 public:
  void add(std::span<double const> x) {
    for (auto const value : x) largest_ = std::max(largest_, std::abs(value));
  }
  void require_representable(std::filesystem::path const& file) const {
    constexpr double least = std::numeric_limits<float>::min();
    if (largest_ > 0 && largest_ < least)
      throw errors::input(
          file.string() + " cannot be used",
          fmt::format("X is {:.3g} at most; models read it in single precision, which loses digits below {:.3g}",
                      largest_, least),
          "Rescale the series");
  }

 private:
  double largest_ = 0;
};

/// Compares the series with what its configuration generates, and hashes it.
class Verification {
 public:
  Verification(SeriesFile const& file, int threads) {
    source_.file = file.file;
    source_.reason = file.unclaimed_because;
    source_.notes = file.notes;
    if (!file.claimed) return;
    source_.data = *file.claimed;
    regenerated_.emplace(*file.claimed, threads);
  }

  void add(Block const& block, std::span<float const> x) {
    hash_.add(std::as_bytes(x));
    if (!regenerated_) return;
    auto const expected = regenerated_->next();
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x[i] != static_cast<float>(expected.x[i]))
        return refuse(block.first + static_cast<std::int64_t>(i) / channels());
    auto const differing =
        std::mismatch(block.circle.begin(), block.circle.end(), expected.circle.begin(), expected.circle.end());
    if (differing.first != block.circle.end() || differing.second != expected.circle.end())
      refuse(block.first + (differing.second - expected.circle.begin()));
  }

  Source finish() {
    source_.generated = regenerated_.has_value();
    source_.sha256 = hash_.hex();
    return source_;
  }
  [[nodiscard]] std::optional<Process> process() const {
    return regenerated_ ? std::optional(regenerated_->process()) : std::nullopt;
  }

 private:
  [[nodiscard]] std::int64_t channels() const { return regenerated_->process().channels; }
  void refuse(std::int64_t step) {
    source_.reason = fmt::format("its configuration generates another series (they differ first at step {})", step);
    source_.data = {};
    regenerated_.reset();
  }

  Source source_;
  std::optional<SeriesStream> regenerated_;
  store::Sha256 hash_;
};

/// A file may visit more circles than it describes.
void forget_what_lacks_circles(Process& process) {
  auto const n = static_cast<std::size_t>(process.circles);
  auto const keep = [](auto& values, std::size_t expected) {
    if (values.size() < expected) values.clear();
  };
  keep(process.radius, n);
  keep(process.entry_angle, n);
  keep(process.period, n);
  keep(process.plane, 2 * n * static_cast<std::size_t>(process.channels));
  keep(process.transition_matrix, n * n);
}

template <class Consume>
Source read_verified(SeriesFile const& file, int threads, Process& process, Consume const& consume) {
  Verification verification(file, threads);
  std::int64_t circles = file.stored.circles;
  Magnitude magnitude;
  file.read(SeriesStream::default_block, [&](Block const& block) {
    require_usable(block, file);
    magnitude.add(block.x);
    auto const x = to_float32(block.x);
    verification.add(block, x);
    for (auto const circle : block.circle) circles = std::max(circles, circle + 1);
    consume(block, std::span<float const>(x));
  });
  magnitude.require_representable(file.file);
  process = verification.process().value_or(file.stored);
  process.circles = std::max(process.circles, circles);
  forget_what_lacks_circles(process);
  return verification.finish();
}

template <class T>
void append(std::vector<T>& to, std::span<T const> values) {
  to.insert(to.end(), values.begin(), values.end());
}

}  // namespace

LoadedSeries load(DataFile const& data, int threads) {
  auto const file = open_series(data);
  LoadedSeries loaded;
  auto& series = loaded.series;
  series.n_steps = file->n_steps;
  series.x.reserve(static_cast<std::size_t>(file->n_steps * file->stored.channels));
  loaded.source = read_verified(*file, threads, series.process, [&](Block const& block, std::span<float const>) {
    append(series.x, block.x);
    append(series.circle, block.circle);
    append(series.phase, block.phase);
  });
  return loaded;
}

TrainingSeries load_for_training(DataFile const& data, int threads) {
  auto const file = open_series(data);
  TrainingSeries series;
  series.n_steps = file->n_steps;
  series.channels = file->stored.channels;
  series.segments = file->segments;
  series.x.reserve(static_cast<std::size_t>(file->n_steps * file->stored.channels));
  series.source = read_verified(*file, threads, series.process, [&](Block const& block, std::span<float const> x) {
    append(series.x, x);
    append(series.circle, block.circle);
    append(series.phase, block.phase);
  });
  return series;
}

namespace {

/// Appends the wanted steps of a block of `steps` steps.
void append_wanted(SeriesPart& part, Block const& block, std::size_t steps,
                   std::pair<std::int64_t, std::int64_t> const& wanted) {
  auto const end = block.first + static_cast<std::int64_t>(steps);
  auto const first = std::clamp(wanted.first, block.first, end), last = std::clamp(wanted.second, first, end);
  auto const take = [&](auto& to, auto const& from) {
    auto const width = from.size() / steps;
    append(to, from.subspan(static_cast<std::size_t>(first - block.first) * width,
                            static_cast<std::size_t>(last - first) * width));
  };
  take(part.x, block.x);
  take(part.circle, block.circle);
}

}  // namespace

SeriesPart load_part(DataFile const& data, WantedSteps const& wanted, int threads) {
  auto const file = open_series(data);
  auto const steps = wanted(file->n_steps);
  SeriesPart part;
  part.n_steps = file->n_steps;
  part.first = steps.first;
  Process process;
  auto const channels = static_cast<std::size_t>(file->stored.channels);
  part.source = read_verified(*file, threads, process, [&](Block const& block, std::span<float const>) {
    append_wanted(part, block, block.x.size() / channels, steps);
  });
  return part;
}

SeriesPart generate_part(config::Data const& data, WantedSteps const& wanted, int threads) {
  auto const steps = wanted(data.n_steps);
  SeriesStream stream(data, threads);
  SeriesPart part;
  part.n_steps = data.n_steps;
  part.first = steps.first;
  for_each_block(stream, [&](Block const& block) { append_wanted(part, block, block.circle.size(), steps); });
  part.source.generated = true;
  part.source.data = data;
  return part;
}

TrainingSeries generate_for_training(config::Data const& data, int threads) {
  SeriesStream stream(data, threads);
  TrainingSeries series;
  series.n_steps = stream.n_steps();
  series.process = stream.process();
  series.channels = series.process.channels;
  series.x.reserve(static_cast<std::size_t>(series.n_steps * series.channels));
  store::Sha256 hash;
  for_each_block(stream, [&](Block const& block) {
    auto const x = to_float32(block.x);
    hash.add(std::as_bytes(std::span(x)));
    append(series.x, std::span<float const>(x));
    append(series.circle, block.circle);
    append(series.phase, block.phase);
  });
  series.source.generated = true;
  series.source.data = data;
  series.source.sha256 = hash.hex();
  return series;
}

}  // namespace mambasynth::series
