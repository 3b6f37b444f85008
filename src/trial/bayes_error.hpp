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

/// The lowest error that any predictor can reach on a trial's windows, for each of trial.model.horizons(): that of the
/// exact filter, which like the network starts cold in each window and sees only that window. Empty if the generator is
/// unknown.
struct BayesError {
  oracle::WindowErrors test, validation;
};

/// The files in `folder` that keep the errors on the test windows and on the validation windows; their names are hashes
/// of what determines them: the data's keys, the windows and the horizons.
std::array<std::filesystem::path, 2> bayes_error_files(config::Trial const& trial, config::Data const& data,
                                                       std::filesystem::path const& folder);

/// Reads the errors from the folder `cache` if it holds them for these data; otherwise computes and saves them there,
/// so that each set of windows is computed once. Files of an older version, without the errors by window, are computed
/// again. With an empty `cache`, nothing is saved. `log` receives the reason if they could not be saved.
BayesError bayes_error(config::Trial const& trial, TrialData const& data, std::filesystem::path const& cache,
                       int threads, std::function<void(std::string const&)> const& log = {});

}  // namespace mambasynth::trial
