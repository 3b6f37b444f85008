#include "commands/version.hpp"

#include "provenance/build.hpp"

namespace mambasynth::commands {

std::string version_text() { return provenance::describe(provenance::build()); }

}  // namespace mambasynth::commands
