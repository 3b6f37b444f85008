#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mambasynth::analysis::collate {

/// Trials of one series at the same steps, and how alike each two of them are.
struct ComparedGroup {
  std::vector<std::size_t> cell;  ///< of each trial
  std::vector<std::string> seed;
  std::vector<double> cka;  ///< (trial, trial), symmetric, finite
};

/// What two cells with themselves allow between them, the geometric mean (Cauchy and Schwarz, for the networks' mean
/// kernels of independent seeds); NaN where their product is not positive.
double ceiling_of(double own_a, double own_b);

/// The null distribution of the least alike pair of cells, if cells do not matter: trials of one seed exchange their
/// cells at random, `times` times, always the same, and each time the smallest ratio of a pair's CKA (different seeds)
/// to its ceiling is taken. Sorted; empty where nothing can be exchanged or no pair has a ceiling.
std::vector<double> least_ratios_of_exchanged(std::vector<ComparedGroup> const& groups, int times);

}  // namespace mambasynth::analysis::collate
