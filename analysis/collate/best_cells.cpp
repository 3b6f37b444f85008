#include "analysis/collate/best_cells.hpp"

#include <cstddef>
#include <optional>

#include "analysis/statistics/holm.hpp"
#include "analysis/statistics/paired_difference.hpp"

namespace mambasynth::analysis::collate {
namespace {

double mean_of(std::map<std::string, double> const& values) {
  double sum = 0;
  for (auto const& [seed, value] : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::optional<std::size_t> best_of(ComparedMeasure const& measure, bool lower_is_better) {
  std::optional<std::size_t> best;
  double best_mean = 0;
  for (std::size_t c = 0; c < measure.of_cell.size(); ++c) {
    if (measure.of_cell[c].empty()) continue;
    auto const mean = mean_of(measure.of_cell[c]);
    if (best && (lower_is_better ? mean >= best_mean : mean <= best_mean)) continue;
    best = c;
    best_mean = mean;
  }
  return best;
}

}  // namespace

char const* name_of(Standing standing) {
  switch (standing) {
    case Standing::best:
      return "best";
    case Standing::not_distinguishable:
      return "not distinguishable";
    case Standing::none:
      return "";
  }
  return "";
}

std::vector<double> paired(std::map<std::string, double> const& a, std::map<std::string, double> const& b) {
  std::vector<double> differences;
  for (auto const& [seed, value] : a)
    if (auto const at = b.find(seed); at != b.end()) differences.push_back(value - at->second);
  return differences;
}

std::vector<Standing> standings_of(ComparedMeasure const& measure, bool lower_is_better) {
  std::vector<Standing> standings(measure.of_cell.size(), Standing::none);
  auto const best = best_of(measure, lower_is_better);
  if (!best) return standings;
  std::vector<double> p;
  for (std::size_t c = 0; c < measure.of_cell.size(); ++c) {
    auto const differences = paired(measure.of_cell[c], measure.of_cell[*best]);
    p.push_back(c == *best ? statistics::undefined : statistics::paired_difference(differences).p_student);
  }
  auto const adjusted = statistics::holm(p);
  for (std::size_t c = 0; c < standings.size(); ++c)
    if (c == *best) standings[c] = Standing::best;
    else if (!measure.of_cell[c].empty() && !(adjusted[c] < significant)) standings[c] = Standing::not_distinguishable;
  return standings;
}

}  // namespace mambasynth::analysis::collate
