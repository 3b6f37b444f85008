#pragma once

#include "commands/verb.hpp"
#include "help/page.hpp"

namespace CLI {
class App;
}

namespace mambasynth::commands {

/// The help of a verb. `app`: holds the flags that its `declare` added. Keys follow the flags and their sections; which
/// of them --help shows is in the field lists (config::Listing).
help::Page help_of(Verb const& verb, CLI::App const& app);

/// The help of the program: its verbs by purpose.
help::Overview overview();

}  // namespace mambasynth::commands
