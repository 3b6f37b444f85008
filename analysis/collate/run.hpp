#pragma once

#include <string>

#include "errors/errors.hpp"

namespace mambasynth::collate {

/// The program: reads the folders, prints and writes the table. Errors: as errors::Error.
errors::ExitCode run(int argc, char const* const* argv);

/// To stdout, flushed. A reader that has gone (`| head`) is no error; a full disk is errors::machine.
void print(std::string const& text);

}  // namespace mambasynth::collate
