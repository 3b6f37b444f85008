#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/neighbors/neighbors.hpp"

// UMAP (McInnes, Healy & Melville 2018, arXiv:1802.03426) in two dimensions, Euclidean. Neighbors are the exact ones
// of neighbors.hpp; fuzzy sets, spectral start and layout are umappp's (Lun, github.com/libscran/umappp). Everything
// that is not an option here is as in umap-learn: 500 epochs up to 10,000 points, 200 above; spread 1, learning rate 1,
// 5 negative samples, the start scaled to [0, 10] with noise of 1e-4.
namespace mambasynth::analysis::embedding {

struct UmapOptions {
  std::int64_t neighbors;  ///< of each point, counting the point itself as umap-learn does; at least 2
  double min_dist;         ///< least distance in the embedding, in units of the spread, in [0, 1]
  std::uint64_t seed;
  int threads = 0;  ///< 0: one per core; bit-identical for any number
};

/// Where a layout starts: from the eigenvectors of the graph's Laplacian, or at random if the graph has several
/// components (whose relative positions are then arbitrary), if there are at most four points, or if the eigenvectors
/// did not converge. `none`: too few points to lay out.
enum class Start { none, spectral, random };
char const* name_of(Start start);

/// UMAP preserves neighborhoods; distances between distant groups mean little.
struct Umap {
  std::int64_t points = 0;
  std::int64_t neighbors = 0;  ///< counting the point itself; fewer than requested if there are fewer points
  Start start = Start::none;
  std::vector<float> coordinates;  ///< (point, 2)
};

/// From known neighbors: uses the nearest `neighbors` - 1 of each point, or as many as there are. The layout is
/// sequential.
Umap umap(neighbors::Neighbors const& neighbors, UmapOptions const& options);

/// rows: (point, dims), row-major; a single point lies at the origin. Errors: errors::usage for options out of range,
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
/// One embedding for each panel, the same as umap()'s, each on one thread.
std::vector<Umap> umap_of_each(std::span<Panel const> panels, std::int64_t points, UmapOptions const& options);

}  // namespace mambasynth::analysis::embedding
