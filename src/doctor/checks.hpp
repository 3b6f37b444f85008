#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/facts.hpp"
#include "doctor/finding.hpp"

/// Pure functions from facts to findings. Each returns an `ok` if it finds no problem, and nothing if it does not
/// apply.
namespace mambasynth::doctor {

Findings check_answers(Facts const& facts);  ///< every rank responded
Findings check_launch(Facts const& facts);   ///< as many ranks as the launcher started; the same MPI library everywhere
Findings check_environment(Facts const& facts);  ///< variables that should be integers are
Findings check_pmix(Facts const& facts);         ///< srun can start MPI programs
Findings check_program(Facts const& facts);      ///< the same program everywhere
Findings check_instruction_sets(Facts const& facts);
Findings check_clocks(Facts const& facts);
Findings check_gpus(Facts const& facts);  ///< driver, architecture, health, assignment to ranks
Findings check_nccl(Facts const& facts);
Findings check_cores(Facts const& facts);
Findings check_memory(Facts const& facts);
Findings check_shared_memory(Facts const& facts);
Findings check_temporary(Facts const& facts);
Findings check_folder(Facts const& facts);  ///< where results are written
/// All of the above, merged.
Findings check_all(Facts const& facts);

/// The variable's value; "" if it is not set.
std::string value_of(Environment const& environment, char const* name);
/// The variable's value if it is an integer of at least `lowest`.
std::optional<int> integer_of(Environment const& environment, char const* name, int lowest);
/// The ranks of each host, in the order of their first rank.
std::vector<std::vector<RankFacts const*>> by_host(Facts const& facts);

}  // namespace mambasynth::doctor
