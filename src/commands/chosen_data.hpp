#pragma once

#include <set>
#include <string>

#include "config/config.hpp"

namespace mambasynth::commands {

/// Whether one of the given keys ("section.key") describes a series to be generated.
bool gives_generator(std::set<std::string> const& given);

/// Without data.path, sets it to the series in the folder `data` (the original's default) or in the working directory,
/// unless one of the `given` keys describes a series to be generated. Returns a line that tells the user so; empty if
/// there is nothing to tell.
std::string use_data_here(config::Data& data, std::set<std::string> const& given);
/// The line of a verb that does not use such a series, for the reason given; empty if there is none.
std::string unused_data_here(std::string const& why);

}  // namespace mambasynth::commands
