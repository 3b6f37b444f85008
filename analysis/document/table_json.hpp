#pragma once

#include <string>

#include "analysis/document/table.hpp"

namespace mambasynth::analysis::document {

/// {"label", "caption", "columns": [{"key", "title", "unit"}], "rows": [{KEY: value}], "notes": [{"mark", "text"}]}. A
/// value is null, a string, a number, or an estimate {"mean", "sd", "n", "ci_low", "ci_high"} whose undefined parts are
/// null. A cell with marks is {"value", "marks": [...]}.
std::string to_json(Table const& table);

}  // namespace mambasynth::analysis::document
