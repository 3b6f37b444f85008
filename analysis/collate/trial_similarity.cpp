#include "analysis/collate/trial_similarity.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "analysis/representation/cka_between.hpp"
#include "analysis/shared_rows.hpp"
#include "errors/errors.hpp"

namespace mambasynth::collate {
namespace {

constexpr std::size_t most_trials = 256, fewest_of_cell = 2;

struct Compared {
  CollatedTrial const* trial;
  std::size_t cell;
  analysis::SharedLayers shared;

  [[nodiscard]] bool comparable(Compared const& other) const {
    return trial->result->provenance.data_hash == other.trial->result->provenance.data_hash && shared.step == other.shared.step;
  }
};

/// One pair of trials and how alike they are.
struct Pair {
  std::string seed_a, seed_b;
  double value;
};

/// Done trials, cell by cell; cells without any are left out.
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
    trial.shared = analysis::read_shared_layers(trial.trial->file);
    return trial.shared.step.size() >= fewest_rows;
  } catch (errors::Error const&) {
    return false;
  }
}

/// Those that are compared: as many of each cell, and where cells are too many, of cells evenly spaced.
std::vector<Compared> chosen(std::vector<std::vector<Compared>> by_cell, TrialSimilarity& result) {
  for (auto const& cell : by_cell) result.done += static_cast<std::int64_t>(cell.size());
  auto const cells = std::min(by_cell.size(), most_trials / fewest_of_cell);
  auto const most = result.done <= static_cast<std::int64_t>(most_trials) ? most_trials : most_trials / std::max<std::size_t>(cells, 1);
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

/// Trials of a folder without a plan have no seed that is known: each counts as one of its own.
std::string const& seed_of(Compared const& trial) { return trial.trial->seed.empty() ? trial.trial->id : trial.trial->seed; }

double mean_of(std::vector<Pair> const& pairs, std::string const* without) {
  double sum = 0;
  std::size_t count = 0;
  for (auto const& pair : pairs)
    if (!without || (pair.seed_a != *without && pair.seed_b != *without)) sum += pair.value, ++count;
  return count > 0 ? sum / static_cast<double>(count) : std::nan("");
}

/// Efron & Tibshirani 1993, An Introduction to the Bootstrap, eq. 11.5, a seed left out at a time.
PairMean summarise(std::vector<Pair> const& pairs) {
  PairMean result{.pairs = static_cast<std::int64_t>(pairs.size()), .mean = mean_of(pairs, nullptr)};
  std::set<std::string> seeds;
  for (auto const& pair : pairs) seeds.insert({pair.seed_a, pair.seed_b});
  double const n = static_cast<double>(seeds.size());
  std::vector<double> without;
  for (auto const& seed : seeds) without.push_back(mean_of(pairs, &seed));
  double mean = 0, squares = 0;
  for (auto const value : without) mean += value / n;
  for (auto const value : without) squares += (value - mean) * (value - mean);
  if (n > 1) result.se = std::sqrt((n - 1) / n * squares);
  return result;
}

/// Trials of one series at the same steps.
using Group = std::vector<Compared const*>;

std::vector<Group> grouped(std::vector<Compared> const& trials) {
  std::vector<Group> groups;
  for (auto const& trial : trials) {
    auto const own = std::find_if(groups.begin(), groups.end(), [&](auto const& group) { return group.front()->comparable(trial); });
    if (own == groups.end()) groups.push_back({&trial});
    else own->push_back(&trial);
  }
  return groups;
}

/// Those of a group whose layer can be read, with its Gram matrix.
std::pair<Group, std::vector<std::vector<float>>> grams_of(std::string const& layer, Group const& group) {
  Group trials;
  std::vector<std::vector<float>> grams;
  for (auto const* trial : group) {
    auto const& shared = trial->shared;
    if (std::find(shared.layers.begin(), shared.layers.end(), layer) == shared.layers.end()) continue;
    try {
      auto const rows = analysis::read_shared_rows(trial->trial->file, layer);
      grams.push_back(analysis::representation::centred_gram(rows.values, static_cast<std::int64_t>(shared.step.size()), rows.features));
      trials.push_back(trial);
    } catch (errors::Error const&) {
    }
  }
  return {std::move(trials), std::move(grams)};
}

LayerSimilarity similarity_of(std::string const& layer, std::vector<Group> const& groups) {
  struct Pairs {
    std::vector<Pair> other_seed, same_seed;
  };
  std::map<std::pair<std::size_t, std::size_t>, Pairs> by_cells;
  std::vector<Pair> within, between;
  for (auto const& group : groups) {
    auto const [trials, grams] = grams_of(layer, group);
    auto const cka = analysis::representation::cka_between(grams);
    for (std::size_t i = 0; i < trials.size(); ++i)
      for (std::size_t j = i + 1; j < trials.size(); ++j) {
        auto const &a = *trials[i], &b = *trials[j];
        Pair const pair{seed_of(a), seed_of(b), cka[i * trials.size() + j]};
        if (std::isnan(pair.value)) continue;
        auto& of_cells = by_cells[std::minmax(a.cell, b.cell)];
        bool const one_seed = pair.seed_a == pair.seed_b;
        (one_seed ? of_cells.same_seed : of_cells.other_seed).push_back(pair);
        if (!one_seed) (a.cell == b.cell ? within : between).push_back(pair);
      }
  }
  LayerSimilarity result{.layer = layer, .pairs = {}, .within = summarise(within), .between = summarise(between)};
  for (auto const& [cells, pairs] : by_cells)
    result.pairs.push_back({cells.first, cells.second, summarise(pairs.other_seed), summarise(pairs.same_seed)});
  return result;
}

}  // namespace

double LayerSimilarity::ceiling(CellPair const& pair) const {
  auto const own = [&](std::size_t cell) {
    auto const at = std::find_if(pairs.begin(), pairs.end(), [cell](auto const& other) { return other.a == cell && other.b == cell; });
    return at == pairs.end() ? std::nan("") : at->other_seed.mean;
  };
  auto const product = own(pair.a) * own(pair.b);
  return product > 0 ? std::sqrt(product) : std::nan("");
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

}  // namespace mambasynth::collate
