#pragma once

#include <optional>
#include <string>

namespace mambasynth::environment {

struct CommandOutput {
  bool succeeded = false;  ///< it exited with 0
  std::string text;
};
/// What a shell command writes to stdout until it ends. Nothing if it cannot be started.
std::optional<CommandOutput> output_of(std::string const& command);

}  // namespace mambasynth::environment
