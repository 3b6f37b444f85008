#pragma once

#include <cstdint>
#include <span>

#include "analysis/neighbors/neighbors.hpp"
#include "analysis/statistics/blocks.hpp"

/// What nearest neighbors have in common (Doimo et al. 2020, NeurIPS, arXiv:2007.03506, section 2.2). Lists made with
/// a TemporalWindow are compared as they are: they exclude each point's own stretch of time. Read the result against
/// chance.
namespace mambasynth::analysis::representation {

struct Overlap {
  double mean = 0;  ///< over points, 0 .. 1
  double se = 0;    ///< from blocks of time (blocks.hpp); NaN without blocks
};

/// Share of a point's first k neighbors in one layer that are among its first k in another: chi of l and m.
/// errors::usage for lists of different points or shorter than k, or k < 1.
Overlap neighborhood_overlap(neighbors::Neighbors const& a, neighbors::Neighbors const& b, std::int64_t k,
                             statistics::Blocks const& blocks = {});

/// Share of a point's first k neighbors that have its label: chi of l and the ground truth. Points with a label < 0
/// are left out; as neighbors they match nothing. NaN if no point has a label.
Overlap label_overlap(neighbors::Neighbors const& neighbors, std::span<std::int64_t const> labels, std::int64_t k,
                      statistics::Blocks const& blocks = {});

/// The value expected for neighbors drawn at random from those that the window allows.
double neighborhood_overlap_by_chance(std::int64_t points, std::int64_t k,
                                      neighbors::TemporalWindow const& window = {});
double label_overlap_by_chance(std::span<std::int64_t const> labels, neighbors::TemporalWindow const& window = {});

}  // namespace mambasynth::analysis::representation
