#pragma once

#include <span>

#include "analysis/statistics/bounded_interval.hpp"
#include "analysis/statistics/interval.hpp"

namespace mambasynth::analysis::statistics {

/// How the interval of a cell is computed.
enum class Method {
  student,
  bca,  ///< bootstrap of the mean
  iqm   ///< bootstrap of the interquartile mean
};

/// Student's interval of a share, or of a quantity with an upper bound, is a bounded_interval: it may lie anywhere near
/// its bound. A quantity that is only positive is usually many standard errors away from 0, and keeps the plain
/// interval unless that would reach below 0. Bootstrap intervals end at values, so within the bounds.
Interval interval_of(std::span<double const> values, Method method, Bounds const& bounds);

}  // namespace mambasynth::analysis::statistics
