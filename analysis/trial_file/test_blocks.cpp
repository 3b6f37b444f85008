#include "analysis/trial_file/test_blocks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/statistics/undefined.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "errors/errors.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {

TestBlocks test_blocks(std::span<std::int64_t const> starts, std::int64_t length) {
  TestBlocks blocks;
  auto const windows = static_cast<std::int64_t>(starts.size());
  auto const least = (TestBlocks::least_steps + length - 1) / length;
  auto const count = std::max<std::int64_t>(1, windows / least);
  for (std::int64_t b = 0; b < count && windows > 0; ++b) {
    auto const from = windows * b / count, to = windows * (b + 1) / count;
    blocks.first.push_back(starts[static_cast<std::size_t>(from)]);
    blocks.windows.push_back(to - from);
  }
  return blocks;
}

std::vector<double> means_by_block(TestBlocks const& blocks, std::vector<std::vector<double>> const& by_window) {
  auto const count = blocks.windows.size(), horizons = by_window.empty() ? 0 : by_window[0].size();
  std::vector<double> means(horizons * count, 0.0);
  std::size_t window = 0;
  for (std::size_t b = 0; b < count; ++b)
    for (auto const last = window + static_cast<std::size_t>(blocks.windows[b]); window < last; ++window)
      for (std::size_t h = 0; h < horizons; ++h)
        means[h * count + b] += by_window[window][h] / static_cast<double>(blocks.windows[b]);
  return means;
}

std::vector<double> errors_over_blocks(TestBlocks const& blocks, std::span<double const> values) {
  auto const count = blocks.windows.size();
  if (count == 0) return {};
  auto const all = static_cast<double>(std::accumulate(blocks.windows.begin(), blocks.windows.end(), std::int64_t{0}));
  std::vector<double> errors;
  for (std::size_t first = 0; first < values.size(); first += count) {
    auto const weight = [&](std::size_t b) { return static_cast<double>(blocks.windows[b]) / all; };
    double mean = 0, squares = 0;
    for (std::size_t b = 0; b < count; ++b) mean += weight(b) * values[first + b];
    for (std::size_t b = 0; b < count; ++b) squares += std::pow(weight(b) * (values[first + b] - mean), 2);
    auto const n = static_cast<double>(count);
    errors.push_back(count > 1 ? std::sqrt(squares * n / (n - 1)) : statistics::undefined);
  }
  return errors;
}

ExcessByBlock read_excess_by_block(std::filesystem::path const& file) {
  return read_excess_by_block(store::Hdf5Reader(file), file);
}

ExcessByBlock read_excess_by_block(store::Hdf5Reader const& h5, std::filesystem::path const& file) {
  namespace layout = trial_layout;
  ExcessByBlock found;
  if (!h5.exists(layout::excess_by_block)) return found;
  found.horizon = h5.read<std::int64_t>(layout::horizon);
  found.blocks = {h5.read<std::int64_t>(layout::test_block), h5.read<std::int64_t>(layout::windows_by_block)};
  found.excess = h5.read<double>(layout::excess_by_block);
  if (found.blocks.windows.size() != found.blocks.first.size() ||
      found.excess.size() != found.horizon.size() * found.blocks.first.size())
    throw errors::input(file.string() + " cannot be used as a trial",
                        std::string(layout::excess_by_block) + " does not fit its axes",
                        "Remove it and run the sweep again, or give the folder that a trial wrote");
  return found;
}

}  // namespace mambasynth::analysis::trial_file
