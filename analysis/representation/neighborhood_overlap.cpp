#include "analysis/representation/neighborhood_overlap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "analysis/statistics/undefined.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::representation {

namespace {

void require_lists(neighbors::Neighbors const& lists, std::int64_t points, std::int64_t k) {
  if (k >= 1 && k <= lists.k && lists.points == points) return;
  throw errors::usage(fmt::format("{} neighbors of each of {} points", k, points),
                      fmt::format("the lists hold {} of each of {}", lists.k, lists.points),
                      "Compute both for the same points, with at least k neighbors");
}

/// The first k neighbors of each point.
std::span<std::int32_t const> first(neighbors::Neighbors const& lists, std::size_t point, std::int64_t k) {
  return std::span(lists.index).subspan(point * static_cast<std::size_t>(lists.k), static_cast<std::size_t>(k));
}

/// shares: of each point; NaN if it has none.
Overlap averaged(std::vector<double> const& shares, statistics::Blocks const& blocks) {
  double sum = 0, count = 0;
  for (auto const share : shares)
    if (share >= 0) {
      sum += share;
      ++count;
    }
  if (count == 0) return {statistics::undefined, statistics::undefined};
  if (blocks.count > 0 && blocks.of_point.size() != shares.size())
    throw errors::usage(fmt::format("blocks of {} points for {}", blocks.of_point.size(), shares.size()),
                        "each point belongs to one", "Make them for the same points");
  statistics::BlockSums by_block(blocks);
  for (std::size_t i = 0; i < shares.size(); ++i)
    if (shares[i] >= 0) by_block.add(i, shares[i] - sum / count);
  return {sum / count, by_block.error(count)};
}

/// Calls each(i, others) for each point: `others` counts, label by label, the points that its window allows.
template <class Each>
void with_counts(std::span<std::int64_t const> labels, neighbors::TemporalWindow const& window, Each&& each) {
  std::map<std::int64_t, std::int64_t> outside;
  for (auto const label : labels) ++outside[label];
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (window.steps > 0)
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return window.time[a] < window.time[b]; });
  std::size_t begin = 0, end = 0;  // of the points inside, in the order of time
  for (std::size_t at = 0; at < order.size(); ++at) {
    auto const within = [&](std::size_t other) {
      return window.steps > 0 ? std::abs(window.time[order[other]] - window.time[order[at]]) <= window.steps
                              : other == at;
    };
    while (end < order.size() && (end <= at || within(end))) --outside[labels[order[end++]]];
    while (!within(begin)) ++outside[labels[order[begin++]]];
    each(order[at], outside, static_cast<std::int64_t>(order.size() - (end - begin)));
  }
}

}  // namespace

Overlap neighborhood_overlap(neighbors::Neighbors const& a, neighbors::Neighbors const& b, std::int64_t k,
                             statistics::Blocks const& blocks) {
  require_lists(a, a.points, k);
  require_lists(b, a.points, k);
  std::vector<double> shares(static_cast<std::size_t>(a.points));
  std::vector<std::int32_t> left, right, shared;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    auto const of_a = first(a, i, k), of_b = first(b, i, k);
    left.assign(of_a.begin(), of_a.end());
    right.assign(of_b.begin(), of_b.end());
    std::sort(left.begin(), left.end());
    std::sort(right.begin(), right.end());
    shared.clear();
    std::set_intersection(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(shared));
    shares[i] = static_cast<double>(shared.size()) / static_cast<double>(k);
  }
  return averaged(shares, blocks);
}

Overlap label_overlap(neighbors::Neighbors const& neighbors, std::span<std::int64_t const> labels, std::int64_t k,
                      statistics::Blocks const& blocks) {
  require_lists(neighbors, static_cast<std::int64_t>(labels.size()), k);
  std::vector<double> shares(labels.size(), statistics::undefined);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (labels[i] < 0) continue;
    auto const own = first(neighbors, i, k);
    auto const same =
        std::count_if(own.begin(), own.end(), [&](auto j) { return labels[static_cast<std::size_t>(j)] == labels[i]; });
    shares[i] = static_cast<double>(same) / static_cast<double>(k);
  }
  return averaged(shares, blocks);
}

double neighborhood_overlap_by_chance(std::int64_t points, std::int64_t k, neighbors::TemporalWindow const& window) {
  std::vector<std::int64_t> const alike(static_cast<std::size_t>(points));
  double sum = 0;
  with_counts(alike, window, [&](auto, auto const&, auto others) {
    sum += std::min(1.0, static_cast<double>(k) / static_cast<double>(others));
  });
  return points > 0 ? sum / static_cast<double>(points) : statistics::undefined;
}

double label_overlap_by_chance(std::span<std::int64_t const> labels, neighbors::TemporalWindow const& window) {
  double sum = 0, count = 0;
  with_counts(labels, window, [&](std::size_t i, auto const& outside, auto others) {
    if (labels[i] < 0 || others == 0) return;
    sum += static_cast<double>(outside.at(labels[i])) / static_cast<double>(others);
    ++count;
  });
  return count > 0 ? sum / count : statistics::undefined;
}

}  // namespace mambasynth::analysis::representation
