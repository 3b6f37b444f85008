#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "oracle/run.hpp"
#include "trial/data.hpp"

namespace mambasynth::trial {

/// The least error that any predictor can reach on a trial's windows, by trial.model.horizons(): the exact filter's,
/// which like the network starts cold in each window and knows what the window holds. Empty where the generator is
/// unknown.
struct Optimum {
  oracle::WindowErrors test, validation;
};

/// Where in `folder` the figures of the test windows and of the validation windows are kept: names made of what decides
/// them, the data's keys, the windows and the horizons.
std::array<std::filesystem::path, 2> optimum_files(config::Trial const& trial, config::Data const& data,
                                                   std::filesystem::path const& folder);

/// Reads the figures from `cache` where they stand there for these data, else computes and keeps them there; an empty
/// `cache` keeps nothing. So they are computed once a set of windows; figures of an older version that lack the single
/// windows are computed again. `say` is told why they could not be kept.
Optimum optimum(config::Trial const& trial, TrialData const& data, std::filesystem::path const& cache, int threads,
                std::function<void(std::string const&)> const& say = {});

}  // namespace mambasynth::trial
