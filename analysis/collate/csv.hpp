#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mambasynth::analysis::collate {

/// Shortest form that reads back as the same number; nothing for what is undefined.
std::string csv_number(double value);
/// One record; quoted where RFC 4180 asks for it, without the line end.
std::string csv_line(std::vector<std::string> const& fields);
/// All records of an RFC 4180 text; empty lines are left out.
std::vector<std::vector<std::string>> parse_csv(std::string_view text);

}  // namespace mambasynth::analysis::collate
