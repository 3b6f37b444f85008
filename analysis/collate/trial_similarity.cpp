#include "analysis/collate/trial_similarity.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "analysis/collate/exchanged_cells.hpp"
#include "analysis/representation/cka_between.hpp"
#include "analysis/trial_file/shared_rows.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::collate {
namespace {

constexpr std::size_t most_trials = 128, fewest_of_cell = 2;
constexpr int exchanges = 1000;

struct Compared {
  CollatedTrial const* trial;
  std::size_t cell;
  trial_file::SharedLayers shared;

  [[nodiscard]] bool comparable(Compared const& other) const {
    return trial->result->provenance.data_hash == other.trial->result->provenance.data_hash &&
           shared.step == other.shared.step;
  }
};

/// Done trials by cell; cells without any are left out.
std::vector<std::vector<Compared>> done_trials(Table const& table, SweepFolder const& sweep) {
  std::map<std::map<std::string, std::string>, std::size_t> cells;
  for (std::size_t c = 0; c < table.cells.size(); ++c) cells[table.cells[c].axes] = c;
  std::vector<std::vector<Compared>> by_cell(table.cells.size());
  for (auto const& trial : sweep.trials) {
    if (trial.outcome != Outcome::done || !trial.result) continue;
    auto const cell = cells.at(trial.axes);
    by_cell[cell].push_back({&trial, cell, {}});
  }
  std::erase_if(by_cell, [](auto const& cell) { return cell.empty(); });
  return by_cell;
}

/// Whether its rows can be read.
bool look_at(Compared& trial) {
  constexpr std::size_t fewest_rows = 4;
  try {
    trial.shared = trial_file::read_shared_layers(trial.trial->file);
    return trial.shared.step.size() >= fewest_rows;
  } catch (errors::Error const&) {
    return false;
  }
}

/// The trials to compare: equally many of each cell and, if there are too many cells, only of evenly spaced ones.
std::vector<Compared> chosen(std::vector<std::vector<Compared>> by_cell, TrialSimilarity& result) {
  for (auto const& cell : by_cell) result.done += static_cast<std::int64_t>(cell.size());
  auto const cells = std::min(by_cell.size(), most_trials / fewest_of_cell);
  auto const most = result.done <= static_cast<std::int64_t>(most_trials)
                        ? most_trials
                        : most_trials / std::max<std::size_t>(cells, 1);
  std::vector<Compared> trials;
  for (std::size_t i = 0; i < cells; ++i) {
    std::size_t taken = 0;
    for (auto& trial : by_cell[i * by_cell.size() / cells]) {
      if (taken == most) break;
      if (look_at(trial)) {
        trials.push_back(std::move(trial));
        ++taken;
      } else ++result.unusable;
    }
  }
  return trials;
}

/// Trials of one series at the same steps.
using Group = std::vector<Compared const*>;

std::vector<Group> grouped(std::vector<Compared> const& trials) {
  std::vector<Group> groups;
  for (auto const& trial : trials) {
    auto const own =
        std::find_if(groups.begin(), groups.end(), [&](auto const& group) { return group.front()->comparable(trial); });
    if (own == groups.end()) groups.push_back({&trial});
    else own->push_back(&trial);
  }
  return groups;
}

/// The trials of a group whose layer can be read and is not constant, and their similarity.
ComparedGroup compared(std::string const& layer, Group const& group) {
  Group trials;
  std::vector<std::vector<float>> grams;
  for (auto const* trial : group) {
    auto const& shared = trial->shared;
    if (std::find(shared.layers.begin(), shared.layers.end(), layer) == shared.layers.end()) continue;
    try {
      auto const rows = trial_file::read_shared_rows(trial->trial->file, layer);
      auto gram = analysis::representation::centered_gram(rows.values, static_cast<std::int64_t>(shared.step.size()),
                                                          rows.features);
      if (std::isnan(gram.front())) continue;  // the layer is constant
      grams.push_back(std::move(gram));
      trials.push_back(trial);
    } catch (errors::Error const&) {
    }
  }
  ComparedGroup result;
  for (auto const* trial : trials) {
    result.cell.push_back(trial->cell);
    result.seed.push_back(seed_of(*trial->trial));
  }
  result.cka = analysis::representation::cka_between(grams);
  return result;
}

LayerSimilarity similarity_of(std::string const& layer, std::vector<Group> const& groups) {
  struct Pairs {
    std::vector<SeedPair> other_seed, same_seed;
  };
  std::map<std::pair<std::size_t, std::size_t>, Pairs> by_cells;
  std::vector<SeedPair> within, between;
  std::vector<ComparedGroup> read;
  for (auto const& group : groups) {
    auto const& [cell, seed, cka] = read.emplace_back(compared(layer, group));
    for (std::size_t i = 0; i < cell.size(); ++i)
      for (std::size_t j = i + 1; j < cell.size(); ++j) {
        SeedPair const pair{seed[i], seed[j], cka[i * cell.size() + j]};
        auto& of_cells = by_cells[std::minmax(cell[i], cell[j])];
        bool const one_seed = seed[i] == seed[j];
        (one_seed ? of_cells.same_seed : of_cells.other_seed).push_back(pair);
        if (!one_seed) (cell[i] == cell[j] ? within : between).push_back(pair);
      }
  }
  LayerSimilarity result{.layer = layer,
                         .pairs = {},
                         .within = mean_over_seeds(within),
                         .between = mean_over_seeds(between),
                         .least_ratios = least_ratios_of_exchanged(read, exchanges)};
  for (auto const& [cells, pairs] : by_cells)
    result.pairs.push_back(
        {cells.first, cells.second, mean_over_seeds(pairs.other_seed), mean_over_seeds(pairs.same_seed)});
  return result;
}

}  // namespace

double LayerSimilarity::ceiling(CellPair const& pair) const {
  auto const own = [&](std::size_t cell) {
    std::pair const cells(cell, cell);
    auto const at = std::lower_bound(pairs.begin(), pairs.end(), cells, [](auto const& other, auto const& wanted) {
      return std::pair(other.a, other.b) < wanted;
    });
    return at == pairs.end() || std::pair(at->a, at->b) != cells ? std::nan("") : at->other_seed.mean;
  };
  return ceiling_of(own(pair.a), own(pair.b));
}

double LayerSimilarity::p(CellPair const& pair) const {
  auto const ratio = pair.other_seed.mean / ceiling(pair);
  if (pair.a == pair.b || !std::isfinite(ratio) || least_ratios.empty()) return std::nan("");
  constexpr double rounding = 1e-9;  // sums may be added in another order
  auto const as_low =
      std::upper_bound(least_ratios.begin(), least_ratios.end(), ratio + rounding) - least_ratios.begin();
  // The observed assignment is one of the possible exchanges (Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol.
  // 9:39).
  return static_cast<double>(1 + as_low) / static_cast<double>(1 + least_ratios.size());
}

TrialSimilarity compare_trials(Table const& table, SweepFolder const& sweep) {
  TrialSimilarity result;
  auto const trials = chosen(done_trials(table, sweep), result);
  result.trials = static_cast<std::int64_t>(trials.size());
  auto const groups = grouped(trials);
  result.groups = static_cast<std::int64_t>(groups.size());
  std::vector<std::string> layers;
  for (auto const& trial : trials) {
    result.rows = std::max(result.rows, static_cast<std::int64_t>(trial.shared.step.size()));
    for (auto const& layer : trial.shared.layers)
      if (layer != "input" && std::find(layers.begin(), layers.end(), layer) == layers.end()) layers.push_back(layer);
  }
  for (auto const& layer : layers)
    if (auto found = similarity_of(layer, groups); !found.pairs.empty()) result.layers.push_back(std::move(found));
  return result;
}

}  // namespace mambasynth::analysis::collate
