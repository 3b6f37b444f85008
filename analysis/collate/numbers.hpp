#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mambasynth::analysis::collate {

/// The number that a text is, if it is a finite one as a whole.
std::optional<double> parsed_number(std::string_view text);
/// Empty for nothing.
std::string number_text(std::optional<std::int64_t> const& number);
/// "1 trial", "3 trials"
std::string counted(std::size_t count, std::string const& what);
/// "0.0625", "<0.001"
std::string p_number(double p);

}  // namespace mambasynth::analysis::collate
