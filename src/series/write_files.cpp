#include "series/write_files.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <future>
#include <optional>

#include "config/sizes.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "progress/count.hpp"
#include "series/config_json.hpp"
#include "series/series_h5.hpp"
#include "store/archive/npz.hpp"
#include "store/atomic_file.hpp"
#include "store/free_space.hpp"

namespace mambasynth::series {
namespace {

/// A copy of a block that outlives the stream's next one.
struct KeptBlock {
  std::int64_t first = 0;
  std::vector<double> x, phase;
  std::vector<std::int64_t> circle;

  explicit KeptBlock(Block const& block)
      : first(block.first),
        x(block.x.begin(), block.x.end()),
        phase(block.phase.begin(), block.phase.end()),
        circle(block.circle.begin(), block.circle.end()) {}
  [[nodiscard]] Block view() const { return {first, x, circle, phase}; }
};

/// Runs `consume` on another thread while the next block is generated.
template <class Consume>
void overlapped(SeriesStream& stream, Consume const& consume) {
  std::future<void> running;
  for_each_block(stream, [&](Block const& block) {
    auto kept = std::make_shared<KeptBlock const>(block);
    if (running.valid()) running.get();
    running = std::async(std::launch::async, [kept, &consume] { consume(kept->view()); });
  });
  if (running.valid()) running.get();
}

void append(Series& series, Block const& block) {
  series.x.insert(series.x.end(), block.x.begin(), block.x.end());
  series.circle.insert(series.circle.end(), block.circle.begin(), block.circle.end());
  series.phase.insert(series.phase.end(), block.phase.begin(), block.phase.end());
}

void write_npz(Series const& series, std::filesystem::path const& file) {
  progress::Stage const stage(npz_stage);
  // All but X is small.
  progress::Count count(series.n_steps, "step");
  std::int64_t counted = 0;
  store::NpzWriter npz(file, [&](double share) {
    auto const steps = static_cast<std::int64_t>(share * static_cast<double>(series.n_steps));
    if (steps <= counted) return;
    count.add(steps - counted);
    counted = steps;
  });
  auto const& process = series.process;
  auto const n = process.circles;
  npz.add("X", series.x, {series.n_steps, process.channels});
  npz.add("states", series.circle, {series.n_steps});
  npz.add("thetas", series.phase, {series.n_steps});
  npz.add("transition_matrix", process.transition_matrix, {n, n});
  npz.add("radii", process.radius, {n});
  npz.add("entry_angles", process.entry_angle, {n});
  npz.add("periods", process.period, {n});
  npz.close();
}

}  // namespace

Digest write_series(config::Data const& data, std::filesystem::path const& folder, WriteOptions const& options) {
  auto const formats = options.formats;
  if (formats.npz && data.n_steps > npz_most_steps)
    throw errors::usage("data.npz is not written for such a long series",
                        fmt::format("{} steps; it is made in memory, up to {} steps", data.n_steps, npz_most_steps),
                        "Use --format h5");
  SeriesStream stream(data, options.threads);
  store::require_writable_folder(folder);
  if (formats.h5) {  // which does not compress floating-point data
    config::Need const need{"series.h5",
                            {{"data.n_steps", data.n_steps}, {"data.ambient_dim and the phase", data.ambient_dim + 1}},
                            sizeof(double)};
    store::require_space(folder, config::bytes_of(need), need.what);
  }
  std::optional<SeriesH5> h5;
  if (formats.h5) h5.emplace(folder / "series.h5", data, stream.process());
  Digest digest(stream.process(), data.n_steps, options.sampled);
  Series whole;
  whole.process = stream.process();
  whole.n_steps = data.n_steps;

  auto const consume = [&](Block const& block) {
    digest.add(block);
    if (h5) h5->add(block);
    if (formats.npz) append(whole, block);
  };
  if (options.threads > 1) overlapped(stream, consume);
  else for_each_block(stream, consume);

  std::optional<store::AtomicFile> npz_file;
  if (formats.npz) {
    npz_file.emplace(folder / "data.npz");
    write_npz(whole, npz_file->temporary());
  }
  if (h5) h5->close();
  errors::GracefulStop const graceful_stop;  // one file without the other would be a different series
  if (npz_file) {
    npz_file->commit();
    store::write_atomically(folder / "config.json", to_config_json(data));
  }
  if (h5) h5->commit();
  return digest;
}

}  // namespace mambasynth::series
