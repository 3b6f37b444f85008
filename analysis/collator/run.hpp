#pragma once

#include "errors/errors.hpp"

namespace mambasynth::analysis::collator {

/// The program: reads the folders, prints and writes the table. Errors: errors::Error.
errors::ExitCode run(int argc, char const* const* argv);

}  // namespace mambasynth::analysis::collator
