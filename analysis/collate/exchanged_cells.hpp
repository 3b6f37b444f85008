#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mambasynth::analysis::collate {

/// Trials of one series at the same steps, and the similarity of each pair.
struct ComparedGroup {
  std::vector<std::size_t> cell;  ///< of each trial
  std::vector<std::string> seed;
  std::vector<double> cka;  ///< (trial, trial), symmetric, finite
};

/// The highest similarity that two cells can have given their similarities with themselves: the geometric mean
/// (Cauchy-Schwarz, for the mean kernels of networks with independent seeds); NaN if the product is not positive.
double ceiling_of(double own_a, double own_b);

/// The null distribution of the least similar pair of cells if cells do not matter: trials of one seed exchange their
/// cells at random, `times` times, reproducibly, and each time the smallest ratio of the CKA of a pair (different
/// seeds) to its ceiling is taken. Sorted; empty if nothing can be exchanged or no pair has a ceiling.
std::vector<double> least_ratios_of_exchanged(std::vector<ComparedGroup> const& groups, int times);

}  // namespace mambasynth::analysis::collate
