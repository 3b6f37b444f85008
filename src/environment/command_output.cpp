#include "environment/command_output.hpp"

#include <array>
#include <cstdio>
#include <memory>

namespace mambasynth::environment {

std::optional<CommandOutput> output_of(std::string const& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe) return std::nullopt;
  CommandOutput output;
  std::array<char, 256> part{};
  while (std::fgets(part.data(), static_cast<int>(part.size()), pipe.get())) output.text += part.data();
  output.succeeded = ::pclose(pipe.release()) == 0;
  return output;
}

}  // namespace mambasynth::environment
