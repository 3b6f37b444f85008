#include "analysis/collate/shown_dimension.hpp"

namespace mambasynth::analysis::collate {

DimensionName parse_dimension(std::string_view measure) {
  auto const length = shown_estimator.name.size();
  if (!measure.starts_with(shown_estimator.name) || measure.size() <= length || measure[length] != '.') return {};
  auto const rest = measure.substr(length + 1);
  auto const dot = rest.rfind('.');
  return dot == std::string_view::npos ? DimensionName{} : DimensionName{rest.substr(0, dot), rest.substr(dot + 1)};
}

std::string_view shown_k(Table const& table) {
  constexpr std::string_view usual_k = "k30";
  std::string_view first;
  for (auto const& measure : table.measures) {
    auto const k = parse_dimension(measure).k;
    if (k == usual_k) return k;
    if (first.empty()) first = k;
  }
  return first;
}

}  // namespace mambasynth::analysis::collate
