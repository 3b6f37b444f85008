#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "analysis/collate/sweep_folder.hpp"

/// What trial.h5 says about how a trial came to be.
namespace mambasynth::analysis::report {

/// An attribute of /provenance as text; empty if there is none.
std::string fact(collate::CollatedTrial const& trial, std::string const& name);
/// As a number; NaN if it is none.
double number_fact(collate::CollatedTrial const& trial, std::string const& name);
/// Its distinct values over all trials that have it.
std::set<std::string> facts(collate::SweepFolder const& sweep, std::string const& name);

/// A measure of a trial; NaN if it does not have it.
double value_of(collate::CollatedTrial const& trial, std::string const& measure);

/// Time that trials took.
struct Effort {
  double gpu_hours = 0;    ///< summed over trials and their ranks; those that share a GPU count it once each
  double trial_hours = 0;  ///< summed over trials
  std::size_t trials = 0;  ///< that have a result
  double core_hours = 0;   ///< of trials on CPUs: trial time times ranks and threads
  std::string first_start, last_end;
};
Effort effort_of(collate::SweepFolder const& sweep);

}  // namespace mambasynth::analysis::report
