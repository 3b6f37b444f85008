#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/representation/cross_moments.hpp"

namespace mambasynth::analysis::representation {

struct Silhouette {
  double mean = 0;               ///< -1 .. 1, over labeled points; NaN for fewer than two labels
  std::vector<double> of_point;  ///< NaN for points without a label, and for all if there are fewer than two labels
};

/// s = (b - a) / max(a, b) (Rousseeuw 1987, J. Comput. Appl. Math. 20:53), where a is the mean Euclidean distance to
/// the others of the point's label and b the least mean distance to another label's points; 0 for the only point of its
/// label and if a = b = 0. points: (n, dims). A point with a label < 0 is unlabeled and left out. n^2 distances, in
/// double; memory n x (dims + 1). Bit-identical for any number of threads (0: OpenMP's default). Errors: errors::usage
/// for shapes that do not fit; errors::input for NaN or infinity.
Silhouette silhouette(Rows const& points, std::int64_t dims, std::span<std::int64_t const> labels, int threads = 0);

}  // namespace mambasynth::analysis::representation
