#pragma once

#include <string>

#include "analysis/document/table.hpp"

namespace mambasynth::analysis::document {

std::string latex_table(Table const& table);

}  // namespace mambasynth::analysis::document
