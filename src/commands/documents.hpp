#pragma once

#include <span>
#include <string>

#include "help/completion.hpp"
#include "help/manual.hpp"

namespace mambasynth::commands {

struct Verb;

/// The verbs that print what this program says about itself: completion and manual. They are kept out of verbs(), which
/// lists what the program does.
std::span<Verb const> document_verbs();

/// All verbs with their flags, for completion.
help::Completed completed_program();

/// The manual page of the program (no verb) or of a verb, as roff. Errors: errors::usage for an unknown verb.
std::string manual_page(std::string const& verb);

}  // namespace mambasynth::commands
