#include "sweep/launch_command.hpp"

#include <array>
#include <fstream>
#include <string_view>

#include "environment/launcher.hpp"

namespace mambasynth::sweep {
namespace {

std::string command_of(std::string const& process) {
  std::ifstream words("/proc/" + process + "/cmdline", std::ios::binary);
  std::string command;
  for (std::string word; std::getline(words, word, '\0');)
    command += (command.empty() ? "" : " ") + quoted_for_shell(word);
  return command;
}

}  // namespace

std::string quoted_for_shell(std::string const& word) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./=,:+@%^";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string quoted = "'";
  for (char const c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string launch_command(int ranks) {
  constexpr std::array<std::string_view, 4> launchers{"mpirun", "mpiexec", "orterun", "prterun"};
  if (auto const launcher = environment::process_above(launchers); launcher != 0)
    if (auto command = command_of(std::to_string(launcher)); !command.empty()) return command;
  auto const own = command_of("self");
  if (own.empty() || ranks == 1) return own;
  constexpr std::array<std::string_view, 1> slurm{"slurmstepd"};
  bool const by_slurm = environment::process_above(slurm) != 0;
  return (by_slurm ? "srun -n " : "mpirun -n ") + std::to_string(ranks) + " " + own;
}

}  // namespace mambasynth::sweep
