#include "analysis/representation/chronological_folds.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "errors/errors.hpp"

namespace mambasynth::analysis::representation {

ChronologicalFolds::ChronologicalFolds(std::int64_t rows, std::int64_t blocks, std::int64_t guard)
    : rows_(rows), guard_(guard) {
  if (blocks < 3)
    throw errors::usage(fmt::format("{} blocks of time", blocks),
                        "one is held out, one of the others chooses the penalty, and the rest is trained on",
                        "use 3 or more");
  if (rows < blocks || guard < 0)
    throw errors::usage(fmt::format("{} rows in {} blocks with a guard of {}", rows, blocks, guard),
                        "a block holds at least one row and a guard none or more", "use more rows or fewer blocks");
  std::vector<std::int64_t> cuts{0, rows};
  for (std::int64_t b = 0; b < blocks; ++b) {
    blocks_.push_back({rows * b / blocks, rows * (b + 1) / blocks});
    for (auto const cut :
         {blocks_.back().first - guard, blocks_.back().first, blocks_.back().end, blocks_.back().end + guard})
      cuts.push_back(std::clamp<std::int64_t>(cut, 0, rows));
  }
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
      throw errors::usage(fmt::format("a guard of {} rows around blocks of {}", guard, rows / blocks),
                          fmt::format("with block {} and another one held out, no rows are left", b),
                          "use a smaller guard or more rows");
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

std::vector<std::int64_t> evenly(std::vector<std::int64_t> const& rows, std::int64_t most) {
  auto const count = static_cast<std::int64_t>(rows.size());
  if (count <= most) return rows;
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < most; ++i)
    chosen.push_back(rows[static_cast<std::size_t>((2 * i + 1) * count / (2 * most))]);
  return chosen;
}

}  // namespace mambasynth::analysis::representation
