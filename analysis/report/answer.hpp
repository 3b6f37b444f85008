#pragma once

#include <string>
#include <vector>

#include "analysis/collate/collation.hpp"

namespace mambasynth::analysis::report {

/// What a sweep asks, and what its numbers say.
struct Answer {
  std::string question;
  std::vector<std::string> sentences;  ///< what was swept; the effect on the main measure; dimension and probes
};

Answer answer_of(collate::Collation const& collation);

/// Excess over the optimum one step ahead; otherwise the excess at the shortest horizon, the test or the validation
/// error; empty if no trial has any.
std::string main_measure(collate::Table const& table);

/// The trials by state: "20 trials, all done", "17 of 20 trials are done (2 failed and 1 waiting)".
std::string completeness(collate::SweepFolder const& sweep);

}  // namespace mambasynth::analysis::report
