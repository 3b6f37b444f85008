#pragma once

#include <functional>
#include <string>

#include "doctor/facts.hpp"
#include "doctor/folder.hpp"
#include "parallel/communicator.hpp"

namespace mambasynth::doctor {

struct Settings {
  std::string out = "runs";
  double timeout = 30;  ///< seconds that a rank may take for each step
  Environment environment;
  Mpi mpi;
  CleanupOnSignal* cleanup = nullptr;
  /// Inspects a rank's host (doctor::inspect_host); tests inject one that hangs.
  std::function<void(RankFacts&, std::function<void(std::string const&)> const&)> inspect;
};

/// Collective. Rank 0 gets the facts of all ranks; the others return once rank 0 no longer needs them. No rank waits
/// for one that hangs: it is listed in `unresponsive`, and the caller must end it. Errors: errors::machine on a rank
/// that receives no more messages from rank 0.
Facts gather_facts(parallel::Communicator const& world, Settings const& settings);

}  // namespace mambasynth::doctor
