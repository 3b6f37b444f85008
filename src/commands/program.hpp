#pragma once

namespace mambasynth::commands {

/// `mambasynth VERB ...`: parses the command line, runs the verb, and turns every error into one message on stderr and
/// an exit code.
int run_program(int argc, char** argv);

}  // namespace mambasynth::commands
