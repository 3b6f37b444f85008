#pragma once

#include <string>
#include <vector>

namespace mambasynth::tests {

/// A verb that ran in this process: its exit code and what it wrote to stdout and stderr.
struct Invocation {
  int code = 0;
  std::string out, err;
};
/// Runs `mambasynth WORDS...`. No assertions of Catch2 may run meanwhile: their reports would count as output.
Invocation invoke(std::vector<std::string> const& words);

/// The words without runs of white space: CLI11 breaks lines to fit a terminal.
std::string in_one_line(std::string const& text);

}  // namespace mambasynth::tests
