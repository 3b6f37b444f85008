#pragma once

#include <span>
#include <vector>

#include "analysis/statistics/interval.hpp"

namespace mambasynth::analysis::statistics {

/// Of the mean, bias-corrected and accelerated (Efron 1987, JASA 82:171; Efron & Tibshirani 1993, section 14.3): allows
/// for skewed values. No longer than the range of the values, so of five seeds or fewer it covers less than 95 %.
Interval bca_interval(std::span<double const> values);

/// The mean without the floor(n / 4) least and the floor(n / 4) greatest values.
double interquartile_mean(std::span<double const> values);

/// Of the interquartile mean of all values, by percentiles of resamples drawn within each stratum (a cell, a task):
/// Agarwal et al. 2021, Deep Reinforcement Learning at the Edge of the Statistical Precipice (arXiv:2108.13264).
/// `mean` is the interquartile mean, sd that of all values.
Interval iqm_interval(std::span<std::vector<double> const> strata);

}  // namespace mambasynth::analysis::statistics
