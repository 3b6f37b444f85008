#pragma once

#include <string_view>
#include <vector>

#include "help/page.hpp"

namespace CLI {
class App;
}

namespace mambasynth::help {

/// The group whose flags only --help-all shows.
inline constexpr std::string_view rare = "More flags";

/// What CLI11 parses, as a page shows it: positional arguments first, then the flags in their groups, in the order of
/// declaration. Of a CLI::Option, the type name is the placeholder, the default string the default, and the option text
/// the range. A hidden "--no-x" is the negation of "--x". The help flags are left out.
std::vector<Group> groups_of(CLI::App const& app);

}  // namespace mambasynth::help
