#include "analysis/representation/silhouette.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "analysis/neighbors/distance_tile.hpp"
#include "analysis/neighbors/every_width.hpp"
#include "analysis/representation/finite_rows.hpp"
#include "analysis/statistics/undefined.hpp"
#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::analysis::representation {

namespace {

/// sums[lane] += sqrt(squared[lane]).
MAMBASYNTH_EVERY_WIDTH
void add_roots(double const* squared, double* sums) {
  for (std::int64_t i = 0; i < neighbors::tile_queries * neighbors::tile_lanes; ++i) sums[i] += std::sqrt(squared[i]);
}

/// Points grouped by label, each label in its own tiles, (tile, dims, lane).
struct Tiles {
  struct Label {
    std::int64_t points, first_tile, tiles;
  };
  std::vector<Label> labels;
  std::vector<double> values;

  Tiles(Rows const& points, std::int64_t dims, std::map<std::int64_t, std::vector<std::int64_t>> const& members) {
    std::int64_t tiles = 0;
    for (auto const& [label, rows] : members) {
      auto const count = static_cast<std::int64_t>(rows.size());
      labels.push_back({count, tiles, (count + neighbors::tile_lanes - 1) / neighbors::tile_lanes});
      tiles += labels.back().tiles;
    }
    values.resize(static_cast<std::size_t>(tiles * dims * neighbors::tile_lanes));
    std::visit(
        [&](auto span) {
          std::size_t l = 0;
          for (auto const& [label, rows] : members) {
            auto* const to = values.data() + labels[l++].first_tile * dims * neighbors::tile_lanes;
            for (std::int64_t i = 0; i < static_cast<std::int64_t>(rows.size()); ++i)
              for (std::int64_t c = 0; c < dims; ++c)
                to[(i / neighbors::tile_lanes * dims + c) * neighbors::tile_lanes + i % neighbors::tile_lanes] =
                    static_cast<double>(span[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)] * dims + c)]);
          }
        },
        points);
  }
};

/// For tile_queries points: the sums of their distances to the points of each label, (query, label).
void distance_sums(double const* queries, Tiles const& tiles, std::int64_t dims, double* sums) {
  double squared[neighbors::tile_queries * neighbors::tile_lanes];
  auto const labels = static_cast<std::int64_t>(tiles.labels.size());
  for (std::int64_t l = 0; l < labels; ++l) {
    auto const& label = tiles.labels[static_cast<std::size_t>(l)];
    double by_lane[neighbors::tile_queries * neighbors::tile_lanes] = {};
    for (std::int64_t t = 0; t < label.tiles; ++t) {
      neighbors::distance_tile(queries, tiles.values.data() + (label.first_tile + t) * dims * neighbors::tile_lanes,
                               dims, squared, neighbors::tile_lanes);
      auto const filled = label.points - t * neighbors::tile_lanes;
      if (filled < neighbors::tile_lanes)
        for (std::int64_t q = 0; q < neighbors::tile_queries; ++q)
          std::fill(squared + q * neighbors::tile_lanes + filled, squared + (q + 1) * neighbors::tile_lanes, 0.0);
      add_roots(squared, by_lane);
    }
    for (std::int64_t q = 0; q < neighbors::tile_queries; ++q) {
      double sum = 0;
      for (std::int64_t lane = 0; lane < neighbors::tile_lanes; ++lane)
        sum += by_lane[q * neighbors::tile_lanes + lane];
      sums[q * labels + l] = sum;
    }
  }
}

double of_point(std::span<double const> sums, Tiles const& tiles, std::size_t own) {
  auto const others = static_cast<double>(tiles.labels[own].points - 1);
  if (others == 0) return 0;
  auto const a = sums[own] / others;
  auto b = std::numeric_limits<double>::infinity();
  for (std::size_t l = 0; l < sums.size(); ++l)
    if (l != own) b = std::min(b, sums[l] / static_cast<double>(tiles.labels[l].points));
  auto const larger = std::max(a, b);
  return larger > 0 ? (b - a) / larger : 0;
}

}  // namespace

Silhouette silhouette(Rows const& points, std::int64_t dims, std::span<std::int64_t const> labels, int threads) {
  require_finite(points, static_cast<std::int64_t>(labels.size()), dims, "the points");
  Silhouette result{.mean = statistics::undefined,
                    .of_point = std::vector<double>(labels.size(), statistics::undefined)};
  std::map<std::int64_t, std::vector<std::int64_t>> members;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= 0) members[labels[i]].push_back(static_cast<std::int64_t>(i));
  if (members.size() < 2) return result;
  Tiles const tiles(points, dims, members);

  struct Query {
    std::int64_t row;
    std::size_t label, place;
  };
  std::vector<Query> queries;
  std::size_t l = 0;
  for (auto const& [label, rows] : members) {
    for (std::size_t i = 0; i < rows.size(); ++i) queries.push_back({rows[i], l, i});
    ++l;
  }
  auto const count = static_cast<std::int64_t>(queries.size());
  progress::Count rows(count, "row");
  errors::StopFlag stop;
#pragma omp parallel for schedule(dynamic, 16) num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (std::int64_t start = 0; start < count; start += neighbors::tile_queries) {
    if (stop.requested()) continue;
    auto const n = std::min(neighbors::tile_queries, count - start);
    std::vector<double> coordinates(static_cast<std::size_t>(neighbors::tile_queries * dims));
    std::vector<double> sums(static_cast<std::size_t>(neighbors::tile_queries) * members.size());
    for (std::int64_t q = 0; q < n; ++q) {
      auto const& query = queries[static_cast<std::size_t>(start + q)];
      auto const place = static_cast<std::int64_t>(query.place);
      auto const* const from =
          tiles.values.data() +
          (tiles.labels[query.label].first_tile + place / neighbors::tile_lanes) * dims * neighbors::tile_lanes +
          place % neighbors::tile_lanes;
      for (std::int64_t c = 0; c < dims; ++c)
        coordinates[static_cast<std::size_t>(q * dims + c)] = from[c * neighbors::tile_lanes];
    }
    distance_sums(coordinates.data(), tiles, dims, sums.data());
    for (std::int64_t q = 0; q < n; ++q) {
      auto const& query = queries[static_cast<std::size_t>(start + q)];
      result.of_point[static_cast<std::size_t>(query.row)] =
          of_point(std::span<double const>(sums).subspan(static_cast<std::size_t>(q) * members.size(), members.size()),
                   tiles, query.label);
    }
    rows.add(n);
  }
  stop.throw_if_requested();
  double total = 0;
  for (auto const& query : queries) total += result.of_point[static_cast<std::size_t>(query.row)];
  result.mean = total / static_cast<double>(count);
  return result;
}

}  // namespace mambasynth::analysis::representation
