#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "doctor/job_request.hpp"
#include "environment/command_output.hpp"
#include "errors/errors.hpp"

namespace mambasynth::doctor {
namespace {

/// What the command prints; nothing if it fails.
std::optional<std::string> answer_of(std::string const& command) {
  auto output = environment::output_of("timeout -s KILL 10 " + command + " 2>/dev/null");
  if (!output || !output->succeeded) return std::nullopt;
  return std::move(output->text);
}

std::vector<std::string> distinct_lines(std::string const& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty() && std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  return lines;
}

bool names_pmix(std::string const& plugins) {
  std::istringstream stream(plugins);
  for (std::string word; stream >> word;)
    if (word == "pmix") return true;
  return false;
}

}  // namespace

Cluster ask_slurm() {
  auto const sinfo = answer_of("sinfo --noheader '--format=%P|%a|%l|%D|%c|%m|%G'");
  if (!sinfo)
    throw errors::machine("the partitions of this cluster are unknown", "sinfo is missing or does not answer",
                          "Run it on a login node of a Slurm cluster");
  // A site without accounting has no accounts; the user's name comes from the system, not from the environment.
  auto const accounts = answer_of("sacctmgr --noheader --parsable2 show associations user=$(id -un) format=account");
  // Some versions print the list on stderr.
  auto const plugins = answer_of("sh -c 'srun --mpi=list 2>&1'");
  return {.kinds = node_kinds(*sinfo),
          .accounts = distinct_lines(accounts.value_or("")),
          .pmix = names_pmix(plugins.value_or(""))};
}

}  // namespace mambasynth::doctor
