#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "analysis/neighbours/neighbours.hpp"

// UMAP (McInnes, Healy & Melville 2018, arXiv:1802.03426) in two dimensions, Euclidean. Neighbours are the exact ones
// of neighbours.hpp; fuzzy sets, spectral start and layout are umappp's (Lun, github.com/libscran/umappp). What is not
// an option here is as in umap-learn: 500 epochs up to 10,000 points, 200 above; spread 1, learning rate 1, 5 negative
// samples, the start scaled to [0, 10] with noise of 1e-4.
namespace mambasynth::analysis::embedding {

struct UmapOptions {
  std::int64_t neighbors;  ///< of each point, itself counted as umap-learn does; at least 2
  double min_dist;         ///< least distance in the embedding, in units of the spread, in [0, 1]
  std::uint64_t seed;
  int threads = 0;  ///< 0 = one a core; no bit depends on it
};

/// Where a layout starts: from the eigenvectors of the graph's Laplacian, or at random (a graph in several pieces,
/// which come to lie anywhere relative to each other, four points at most, or eigenvectors that were not found).
/// `none`: there is nothing to lay out.
enum class Start { none, spectral, random };
char const* name_of(Start start);

/// Distances between far groups and their order mean little in a UMAP; who is whose neighbour is what it keeps.
struct Umap {
  std::int64_t points = 0;
  std::int64_t neighbors = 0;  ///< itself counted; fewer than asked for where there are fewer points
  Start start = Start::none;
  std::vector<float> coordinates;  ///< (point, 2)
};

/// From neighbours that are known already: the nearest `neighbors` - 1 of each point are used, or as many as there are.
/// The layout is sequential: one epoch of each edge after the other.
Umap umap(neighbours::Neighbours const& neighbours, UmapOptions const& options);

/// rows: (point, dims), row-major; one point lies at the origin. Errors: errors::usage for options out of their range,
/// errors::input for NaN, infinity or squares that overflow.
template <class T>
Umap umap(std::span<T const> rows, std::int64_t points, std::int64_t dims, UmapOptions const& options);
extern template Umap umap(std::span<float const>, std::int64_t, std::int64_t, UmapOptions const&);
extern template Umap umap(std::span<double const>, std::int64_t, std::int64_t, UmapOptions const&);

/// The same points seen in several spaces.
struct Panel {
  std::span<float const> rows;  ///< (point, dims)
  std::int64_t dims = 0;
};
/// One embedding a panel, as umap() gives it, a panel a thread. `done` is called after each, from one thread at a time,
/// with the number of panels done.
std::vector<Umap> umap_of_each(std::span<Panel const> panels, std::int64_t points, UmapOptions const& options,
                               std::function<void(std::size_t)> const& done = {});

}  // namespace mambasynth::analysis::embedding
