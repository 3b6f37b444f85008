#include "analysis/embedding/umap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "analysis/embedding/layout.hpp"
#include "cores/cores.hpp"
#include "errors/errors.hpp"
#include "progress/count.hpp"

namespace mambasynth::analysis::embedding {
namespace {

void require_in_range(UmapOptions const& options) {
  if (options.neighbors < 2)
    throw errors::usage(fmt::format("UMAP with {} neighbors is not possible", options.neighbors),
                        "a point counts as its own neighbor", "Use at least 2");
  if (!(options.min_dist >= 0 && options.min_dist <= 1))
    throw errors::usage(fmt::format("UMAP's min_dist = {} is out of range", options.min_dist),
                        "it is a distance in units of the spread", "Use a number from 0 to 1");
}

int threads_or_cores(int threads) { return threads > 0 ? threads : cores::default_threads(); }

}  // namespace

char const* name_of(Start start) {
  switch (start) {
    case Start::none:
      return "none";
    case Start::spectral:
      return "spectral";
    case Start::random:
      return "random";
  }
  return "";
}

Umap umap(neighbors::Neighbors const& neighbors, UmapOptions const& options) {
  require_in_range(options);
  auto const others = std::min(options.neighbors - 1, neighbors.k);
  if (neighbors.points == 0 || others == 0)
    return {.points = neighbors.points,
            .neighbors = std::min<std::int64_t>(1, neighbors.points),
            .start = Start::none,
            .coordinates = std::vector<float>(static_cast<std::size_t>(2 * neighbors.points))};
  return layout(neighbors, others, options);
}

template <class T>
Umap umap(std::span<T const> rows, std::int64_t points, std::int64_t dims, UmapOptions const& options) {
  require_in_range(options);
  auto const others = std::min(options.neighbors - 1, points - 1);
  if (others < 1) return umap(neighbors::Neighbors{.points = points, .k = 0, .distance = {}, .index = {}}, options);
  return umap(neighbors::nearest_neighbors<T>(rows, points, dims, others, threads_or_cores(options.threads)), options);
}

template Umap umap(std::span<float const>, std::int64_t, std::int64_t, UmapOptions const&);
template Umap umap(std::span<double const>, std::int64_t, std::int64_t, UmapOptions const&);

std::vector<Umap> umap_of_each(std::span<Panel const> panels, std::int64_t points, UmapOptions const& options) {
  std::vector<Umap> embeddings(panels.size());
  auto const cores = threads_or_cores(options.threads);
  auto const workers = std::min<std::size_t>(static_cast<std::size_t>(cores), panels.size());
  auto one = options;
  one.threads = workers == 0 ? 1 : std::max(1, cores / static_cast<int>(workers));

  progress::Count count(std::ssize(panels), "embedding");
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  auto const work = [&] {
    for (std::size_t i = next++; i < panels.size(); i = next++) {
      try {
        embeddings[i] = umap<float>(panels[i].rows, points, panels[i].dims, one);
        count.add();
      } catch (...) {
        std::lock_guard const lock(mutex);
        if (!failure) failure = std::current_exception();
        next = panels.size();
      }
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < workers; ++i) threads.emplace_back(work);
  work();
  threads.clear();
  if (failure) std::rethrow_exception(failure);
  return embeddings;
}

}  // namespace mambasynth::analysis::embedding
