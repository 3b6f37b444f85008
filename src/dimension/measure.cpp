#include "dimension/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "analysis/dimension/binomial_dimension.hpp"
#include "analysis/neighbors/distinct_rows.hpp"
#include "errors/errors.hpp"
#include "progress/count.hpp"
#include "random/numpy_generator.hpp"

namespace mambasynth::dimension {
namespace {

struct StageNames {
  char const* all = "all rows";
  char const* lattice = "integers";
  char const* patches = "local correlation";
  char const* groups = "rows by label";
};
constexpr StageNames stage_names;

/// numpy: default_rng(seed).choice(rows, points, replace=False); all rows in order for points = 0.
std::vector<std::int64_t> drawn_rows(std::int64_t rows, config::Dimension const& config) {
  if (config.points > rows)
    throw errors::usage(fmt::format("dimension.points = {} with {} rows", config.points, rows),
                        "rows are drawn without replacement", "Use fewer, or 0 for all");
  if (config.points > 0)
    return random::NumpyGenerator(static_cast<std::uint64_t>(config.seed)).choice(rows, config.points);
  std::vector<std::int64_t> all(static_cast<std::size_t>(rows));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return all;
}

analysis::dimension::DimensionEstimates estimate(Array const& array, std::span<std::int64_t const> time,
                                                 config::Integers const& ks, config::Dimension const& config,
                                                 int threads, analysis::neighbors::NeighborSearch const& search) {
  analysis::dimension::EstimateOptions options;
  options.threads = threads;
  options.longest_n1 = config.max_n1;
  options.blocks = analysis::statistics::blocks_in_time(time, config.blocks);
  options.window = {time, config.theiler};
  options.search = &search;
  return analysis::dimension::estimate_all(std::span<double const>(array.x), array.points, array.dims, ks, options);
}

std::vector<Group> by_label(Array const& array, std::span<std::int64_t const> time, config::Dimension const& config,
                            int threads, analysis::neighbors::NeighborSearch const& search) {
  std::map<std::int64_t, std::vector<std::int64_t>> rows;
  for (std::size_t i = 0; i < array.labels.size(); ++i) rows[array.labels[i]].push_back(static_cast<std::int64_t>(i));
  std::vector<Group> groups;
  if (rows.empty()) return groups;
  progress::Stage const stage(stage_names.groups);
  progress::Count count(std::ssize(rows), "label");
  for (auto const& [label, places] : rows) {
    Group group{.label = label, .points = static_cast<std::int64_t>(places.size()), .estimates = {}};
    std::vector<std::int64_t> times;
    for (auto const place : places) times.push_back(time[static_cast<std::size_t>(place)]);
    auto const excluded = analysis::neighbors::TemporalWindow{times, config.theiler}.most_excluded();
    config::Integers ks;
    std::copy_if(config.k.begin(), config.k.end(), std::back_inserter(ks),
                 [&](auto k) { return group.points - excluded > k + 1; });
    constexpr std::int64_t of_two_nn = 2;
    if (group.points - excluded > of_two_nn + 1)
      group.estimates = estimate(pick(array, places), times, ks, config, threads, search);
    groups.push_back(std::move(group));
    count.add();
  }
  return groups;
}

void measure_lattice(Measured& measured, Array const& array, std::span<std::int64_t const> time,
                     config::Dimension const& config, int threads) {
  if (config.radii.empty() || !array.whole_numbers()) return;
  progress::Stage const stage(stage_names.lattice);
  std::vector<std::int32_t> lattice(array.x.size());
  std::transform(array.x.begin(), array.x.end(), lattice.begin(),
                 [](double value) { return static_cast<std::int32_t>(value); });
  auto const blocks = analysis::statistics::blocks_in_time(time, config.blocks);
  measured.radii = config.radii;
  for (auto const& counts : analysis::dimension::lattice_counts(lattice, array.points, array.dims, config.radii, 0,
                                                                threads, {time, config.theiler}, blocks))
    measured.binomial.push_back(analysis::dimension::binomial_dimension(counts, blocks));
}

/// Uses distinct rows, like all other estimators.
void measure_patches(Measured& measured, Array const& array, std::span<std::int64_t const> time,
                     config::Dimension const& config, int threads) {
  progress::Stage const stage(stage_names.patches);
  auto const distinct = analysis::neighbors::distinct_rows<double>(array.x, array.points, array.dims);
  auto const once = distinct.copied > 0 ? pick(array, distinct.first) : Array{};
  auto const& rows = distinct.copied > 0 ? once : array;
  std::vector<std::int64_t> times;
  for (auto const i : distinct.first) times.push_back(time[static_cast<std::size_t>(i)]);
  random::NumpyGenerator random(static_cast<std::uint64_t>(config.seed));
  auto const centers = random.choice(rows.points, std::min(config.fci_centres, rows.points));
  measured.correlation = analysis::dimension::local_correlation_dimension(
      rows.x, rows.points, rows.dims, centers, config.fci_k, analysis::statistics::blocks_in_time(times, config.blocks),
      threads);
}

}  // namespace

double Measured::noise_distance() const { return noise * std::sqrt(2 * static_cast<double>(dims)); }

std::vector<std::string> stages(config::Dimension const& config) {
  std::vector<std::string> names{stage_names.all};
  if (!config.radii.empty()) names.emplace_back(stage_names.lattice);
  if (config.fci_centres > 0) names.emplace_back(stage_names.patches);
  if (!config.labels.empty()) names.emplace_back(stage_names.groups);
  return names;
}

Measured measure(Array const& whole, config::Dimension const& config, int threads,
                 analysis::neighbors::NeighborSearch const& search) {
  auto const time = drawn_rows(whole.points, config);
  auto const drawn = config.points > 0 ? pick(whole, time) : Array{};
  auto const& array = config.points > 0 ? drawn : whole;

  Measured measured{.array = whole.name,
                    .rows = whole.points,
                    .points = array.points,
                    .dims = array.dims,
                    .noise = config.noise > 0 ? config.noise : whole.noise,
                    .all = {},
                    .radii = {},
                    .binomial = {},
                    .correlation = {},
                    .labels_name = array.labels_name,
                    .groups = {}};
  {
    progress::Stage const stage(stage_names.all);
    measured.all = estimate(array, time, config.k, config, threads, search);
  }
  measure_lattice(measured, array, time, config, threads);
  if (config.fci_centres > 0) measure_patches(measured, array, time, config, threads);
  measured.groups = by_label(array, time, config, threads, search);
  return measured;
}

}  // namespace mambasynth::dimension
