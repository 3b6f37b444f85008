#include "analysis/representation/chronological_folds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "errors/errors.hpp"

namespace mambasynth::analysis::representation {

namespace {

using Stretch = ChronologicalFolds::Stretch;

/// First rows of the clusters, and the number of rows; without clusters, every row.
std::vector<std::int64_t> starts_of(std::span<std::int64_t const> cluster, std::int64_t rows) {
  std::vector<std::int64_t> starts;
  for (std::int64_t row = 0; row < rows; ++row) {
    auto const at = static_cast<std::size_t>(row);
    if (row == 0 || cluster.empty() || cluster[at] != cluster[at - 1]) starts.push_back(row);
  }
  starts.push_back(rows);
  return starts;
}

/// `whole` split into parts of about equal size, each cut moved to the nearest start of a cluster; fewer parts if
/// starts are rare.
std::vector<Stretch> parts_of(Stretch const& whole, std::int64_t count, std::vector<std::int64_t> const& starts) {
  std::vector<Stretch> parts;
  auto first = whole.first;
  for (std::int64_t p = 1; p <= count; ++p) {
    auto const wanted = whole.first + whole.rows() * p / count;
    auto const above = std::lower_bound(starts.begin(), starts.end(), wanted);
    auto const end = above != starts.begin() && wanted - above[-1] < *above - wanted ? above[-1] : *above;
    if (end > first) parts.push_back({first, end});
    first = std::max(first, end);
  }
  return parts;
}

std::vector<std::int64_t> firsts_of(std::vector<Stretch> const& stretches) {
  std::vector<std::int64_t> firsts;
  for (auto const& stretch : stretches) firsts.push_back(stretch.first);
  return firsts;
}

}  // namespace

ChronologicalFolds::ChronologicalFolds(std::int64_t rows, std::int64_t blocks, std::int64_t guard,
                                       std::span<std::int64_t const> cluster)
    : rows_(rows), guard_(guard) {
  if (blocks < 3)
    throw errors::usage(fmt::format("{} blocks of time", blocks),
                        "one is held out, one of the others chooses the penalty, and the rest is trained on",
                        "Use 3 or more");
  if (rows < blocks || guard < 0)
    throw errors::usage(fmt::format("{} rows in {} blocks with a guard of {}", rows, blocks, guard),
                        "a block holds at least one row and a guard none or more", "Use more rows or fewer blocks");
  if (!cluster.empty() && static_cast<std::int64_t>(cluster.size()) != rows)
    throw errors::usage(fmt::format("clusters of {} rows for {} rows", cluster.size(), rows), "each row needs one",
                        "Pass one per row");
  auto starts = starts_of(cluster, rows);
  blocks_ = parts_of({0, rows}, blocks, starts);
  bool const known = !cluster.empty() && static_cast<std::int64_t>(blocks_.size()) == blocks;
  if (!known) {
    starts = starts_of({}, rows);
    blocks_ = parts_of({0, rows}, blocks, starts);
  }
  for (auto const& held : blocks_)
    for (auto const& part : parts_of(held, groups_per_block, starts)) groups_.push_back(part);
  auto const whole = known ? starts : firsts_of(groups_);
  for (std::int64_t row = 0, next = 0; row < rows; ++row) {
    if (next < static_cast<std::int64_t>(whole.size()) && row == whole[static_cast<std::size_t>(next)]) ++next;
    cluster_.push_back(next - 1);
  }
  std::vector<std::int64_t> cuts{0, rows};
  for (auto const& held : blocks_)
    for (auto const edge : {held.first - guard, held.first, held.end, held.end + guard})
      cuts.push_back(std::clamp<std::int64_t>(edge, 0, rows));
  for (auto const& group : groups_) cuts.push_back(group.end);
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) stretches_.push_back({cuts[i], cuts[i + 1]});

  auto const any = [&](auto&& wanted) { return std::any_of(stretches_.begin(), stretches_.end(), wanted); };
  for (std::int64_t b = 0; b < blocks; ++b) {
    bool judged = false;
    for (std::int64_t c = 0; c < blocks && !judged; ++c)
      judged = c != b && any([&](auto const& s) { return apart(s, b) && apart(s, c); }) &&
               any([&](auto const& s) { return in_block(s, c) && apart(s, b); });
    if (!judged)
      throw errors::usage(fmt::format("a guard of {} rows around blocks of about {}", guard, rows / blocks),
                          fmt::format("with block {} and another one held out, no rows are left", b),
                          "Use a smaller guard or more rows");
  }
}

std::vector<std::int64_t> ChronologicalFolds::training(std::int64_t b, std::int64_t c) const {
  std::vector<std::int64_t> chosen;
  for (auto const& stretch : stretches_)
    if (apart(stretch, b) && apart(stretch, c))
      for (auto row = stretch.first; row < stretch.end; ++row) chosen.push_back(row);
  return chosen;
}

std::vector<std::int64_t> ChronologicalFolds::validation(std::int64_t b, std::int64_t c) const {
  std::vector<std::int64_t> chosen;
  for (auto const& stretch : stretches_)
    if (in_block(stretch, b) && (b == c || apart(stretch, c)))
      for (auto row = stretch.first; row < stretch.end; ++row) chosen.push_back(row);
  return chosen;
}

}  // namespace mambasynth::analysis::representation
