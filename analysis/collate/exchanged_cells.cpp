#include "analysis/collate/exchanged_cells.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <tuple>
#include <utility>

namespace mambasynth::analysis::collate {
namespace {

using CellPairPlace = std::size_t;

/// Two places of a group, as held by trials before any exchange. With this weight, the sum over a pair of cells is what
/// mean_over_seeds gives; exchanges within a seed do not change it.
struct PlacePair {
  std::size_t i, j;
  CellPairPlace cells;
  double weight;
};

class Exchange {
 public:
  explicit Exchange(std::vector<ComparedGroup> const& groups)
      : groups_(groups), pairs_(groups.size()), holder_(groups.size()), of_seed_(groups.size()) {
    std::map<std::tuple<std::size_t, std::size_t, std::string, std::string>, double> counts;
    std::map<std::pair<std::size_t, std::size_t>, double> seed_pairs;
    auto const each_pair = [&](auto const& what) {
      for (std::size_t g = 0; g < groups.size(); ++g)
        for (std::size_t i = 0; i < groups[g].cell.size(); ++i)
          for (std::size_t j = i + 1; j < groups[g].cell.size(); ++j)
            if (groups[g].seed[i] != groups[g].seed[j])
              what(g, i, j, std::minmax(groups[g].cell[i], groups[g].cell[j]),
                   std::minmax(groups[g].seed[i], groups[g].seed[j]));
    };
    each_pair([&](std::size_t, std::size_t, std::size_t, auto const& cells, auto const& seeds) {
      if (counts[{cells.first, cells.second, seeds.first, seeds.second}]++ == 0) ++seed_pairs[cells];
    });
    std::size_t place = 0;
    std::map<std::pair<std::size_t, std::size_t>, CellPairPlace> places;
    for (auto const& [cells, count] : seed_pairs) places[cells] = place++;
    for (auto const& [cells, at] : places)
      if (cells.first != cells.second && places.contains({cells.first, cells.first}) &&
          places.contains({cells.second, cells.second}))
        bounded_.push_back({at, places.at({cells.first, cells.first}), places.at({cells.second, cells.second})});
    each_pair([&](std::size_t g, std::size_t i, std::size_t j, auto const& cells, auto const& seeds) {
      pairs_[g].push_back(
          {i, j, places.at(cells),
           1 / (counts.at({cells.first, cells.second, seeds.first, seeds.second}) * seed_pairs.at(cells))});
    });
    sums_.resize(place);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      std::map<std::string, std::vector<std::size_t>> trials;
      for (std::size_t i = 0; i < groups[g].seed.size(); ++i) trials[groups[g].seed[i]].push_back(i);
      for (auto& [seed, of] : trials)
        if (of.size() > 1) of_seed_[g].push_back(std::move(of));
      for (std::size_t i = 0; i < groups[g].cell.size(); ++i) holder_[g].push_back(i);
    }
  }

  [[nodiscard]] bool possible() const {
    return !bounded_.empty() &&
           std::any_of(of_seed_.begin(), of_seed_.end(), [](auto const& seeds) { return !seeds.empty(); });
  }
  /// Fisher-Yates, with a generator whose numbers are fixed by the C++ standard.
  void shuffle(std::mt19937_64& random) {
    for (std::size_t g = 0; g < groups_.size(); ++g)
      for (auto const& trials : of_seed_[g])
        for (std::size_t i = trials.size() - 1; i > 0; --i)
          std::swap(holder_[g][trials[i]], holder_[g][trials[random() % (i + 1)]]);
  }
  [[nodiscard]] double least_ratio() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      auto const count = groups_[g].cell.size();
      for (auto const& pair : pairs_[g])
        sums_[pair.cells] += pair.weight * groups_[g].cka[holder_[g][pair.i] * count + holder_[g][pair.j]];
    }
    auto least = std::numeric_limits<double>::infinity();
    for (auto const& [both, a, b] : bounded_)
      if (auto const ratio = sums_[both] / ceiling_of(sums_[a], sums_[b]); ratio < least) least = ratio;
    return least;
  }

 private:
  std::vector<ComparedGroup> const& groups_;
  std::vector<std::vector<PlacePair>> pairs_;                   ///< of each group
  std::vector<std::vector<std::size_t>> holder_;                ///< (group, place): the trial that holds it
  std::vector<std::vector<std::vector<std::size_t>>> of_seed_;  ///< (group, seed): places that exchange
  std::vector<std::tuple<CellPairPlace, CellPairPlace, CellPairPlace>> bounded_;  ///< two cells, and each with itself
  std::vector<double> sums_;
};

}  // namespace

double ceiling_of(double own_a, double own_b) {
  auto const product = own_a * own_b;
  return product > 0 ? std::sqrt(product) : std::nan("");
}

std::vector<double> least_ratios_of_exchanged(std::vector<ComparedGroup> const& groups, int times) {
  Exchange exchange(groups);
  std::vector<double> ratios;
  if (!exchange.possible()) return ratios;
  std::mt19937_64 random;  // default seed: the same exchanges each time
  for (int t = 0; t < times; ++t) {
    exchange.shuffle(random);
    ratios.push_back(exchange.least_ratio());
  }
  std::sort(ratios.begin(), ratios.end());
  return ratios;
}

}  // namespace mambasynth::analysis::collate
