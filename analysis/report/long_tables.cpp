#include "analysis/report/long_tables.hpp"

#include <fmt/format.h>

namespace mambasynth::analysis::report {

void shorten(document::Table& table, char const* file, std::size_t most) {
  auto const all = table.rows.size();
  if (all <= most) return;
  table.rows.resize(most);
  table.notes.push_back({"", fmt::format("The first {} of {} rows; {} has all.", most, all, file)});
}

}  // namespace mambasynth::analysis::report
