#include "analysis/report/figures.hpp"

#include <array>
#include <system_error>

#include "analysis/collate/figures.hpp"
#include "errors/errors.hpp"
#include "streams/streams.hpp"

namespace mambasynth::analysis::report {

std::vector<DrawnFigure> draw_figures(collate::Collation const& collation, std::filesystem::path const& folder,
                                      std::filesystem::path const& inside) {
  auto const where = folder / inside;
  constexpr std::array names{"sweep_summary",   "sweep_errors", "sweep_training",
                             "sweep_dimension", "sweep_probes", "sweep_similarity"};
  std::error_code ignored;
  for (auto const* name : names) std::filesystem::remove(where / (std::string(name) + ".svg"), ignored);
  try {
    collate::draw_sweep(collation.table, collation.sweep, where);
    collate::draw_similarity(collation.similarity, collation.table, where);
  } catch (errors::Error const& error) {
    streams::log("warning: not all figures of the report were drawn: {}\n", error.what());
  }
  std::vector<DrawnFigure> drawn;
  for (auto const* name : names)
    if (std::filesystem::exists(where / (std::string(name) + ".svg"), ignored))
      drawn.push_back({name, (inside / (std::string(name) + ".svg")).generic_string(), name, ""});
  return drawn;
}

}  // namespace mambasynth::analysis::report
