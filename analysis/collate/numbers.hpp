#pragma once

#include <optional>
#include <string_view>

namespace mambasynth::analysis::collate {

/// The number that a text is, if it is a finite one as a whole.
std::optional<double> parsed_number(std::string_view text);

}  // namespace mambasynth::analysis::collate
