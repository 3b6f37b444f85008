#pragma once

#include <functional>
#include <string>

#include "doctor/facts.hpp"
#include "doctor/folder.hpp"
#include "parallel/communicator.hpp"

namespace mambasynth::doctor {

struct Settings {
  std::string out = "runs";
  double timeout = 30;  ///< seconds that a rank may take for one thing
  Environment environment;
  Mpi mpi;
  Cleaner* cleaner = nullptr;
  /// What a rank looks at (doctor::look); tests put a rank that hangs in.
  std::function<void(RankFacts&, std::function<void(std::string const&)> const&)> look;
};

/// Called by every rank; rank 0 gets the facts of all. Nobody waits for a rank that hangs: it is in `silent`, and has
/// to be ended by the caller. The other ranks return once rank 0 needs them no more. Errors: errors::machine on a rank
/// that rank 0 forgot.
Facts examine(parallel::Communicator const& world, Settings const& settings);

}  // namespace mambasynth::doctor
