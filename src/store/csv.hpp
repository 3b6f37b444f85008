#pragma once

#include <string>
#include <string_view>
#include <vector>

/// CSV as RFC 4180 defines it: a field with a comma, a quote or a line end is quoted, and its quotes are doubled.
namespace mambasynth::store::csv {

using Record = std::vector<std::string>;

/// The shortest form that reads back as the same number; empty if it is not finite.
std::string number(double value);

/// One record without its line end.
std::string line(Record const& fields);

/// All records of a text; empty lines are skipped. `name` is the source of the text, for the message.
/// Errors: errors::input if a quoted field is not closed.
std::vector<Record> parse(std::string_view text, std::string const& name);

}  // namespace mambasynth::store::csv
