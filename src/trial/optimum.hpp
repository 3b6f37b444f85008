#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "trial/data.hpp"

namespace mambasynth::trial {

/// The least error that any predictor can reach on a trial's windows, by trial.model.horizons(): the exact filter's, which
/// like the network starts cold in each window and knows what the window holds. Empty where the generator is unknown.
struct Optimum {
  std::vector<double> test, validation;
};

/// What a computed optimum is kept under in `folder`: of the data's keys, the windows and the horizons.
std::filesystem::path optimum_file(config::Trial const& trial, config::Data const& data, std::filesystem::path const& folder);

/// Reads it from `cache` where it stands there for these data, else computes it and keeps it there; an empty `cache`
/// keeps nothing. Trials of one data set and window set compute it once. `say` is told why it could not be kept.
Optimum optimum(config::Trial const& trial, TrialData const& data, std::filesystem::path const& cache, int threads,
                std::function<void(std::string const&)> const& say = {});

}  // namespace mambasynth::trial
