#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/facts.hpp"
#include "doctor/finding.hpp"

/// Pure functions from what was seen to what it means. Each says `ok` where it found nothing, and nothing where it does
/// not apply.
namespace mambasynth::doctor {

Findings check_answers(Facts const& facts);      ///< every rank answered
Findings check_launch(Facts const& facts);       ///< as many ranks as the launcher started; one MPI library
Findings check_environment(Facts const& facts);  ///< variables that should be numbers are
Findings check_pmix(Facts const& facts);         ///< srun can start MPI programs
Findings check_program(Facts const& facts);      ///< one program everywhere
Findings check_instruction_sets(Facts const& facts);
Findings check_clocks(Facts const& facts);
Findings check_gpus(Facts const& facts);  ///< driver, architecture, health, which rank has which
Findings check_nccl(Facts const& facts);
Findings check_cores(Facts const& facts);
Findings check_memory(Facts const& facts);
Findings check_shared_memory(Facts const& facts);
Findings check_temporary(Facts const& facts);
Findings check_folder(Facts const& facts);  ///< where results go
/// All of the above, merged.
Findings check_all(Facts const& facts);

/// The variable's value, "" without.
std::string value_of(Environment const& environment, char const* name);
/// The variable where all of it is a whole number of at least `lowest`.
std::optional<int> whole_number_of(Environment const& environment, char const* name, int lowest);
/// The ranks of each host, in the order of their first rank.
std::vector<std::vector<RankFacts const*>> by_host(Facts const& facts);

}  // namespace mambasynth::doctor
