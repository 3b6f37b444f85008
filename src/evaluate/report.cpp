#include "evaluate/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/document/rounding.hpp"
#include "analysis/document/table.hpp"

namespace mambasynth::evaluate {
namespace {

using analysis::dimension::DimensionEstimates;
using analysis::dimension::levina_bickel_original;
using analysis::document::nothing;

std::string header(std::vector<std::string> const& titles) {
  auto line = fmt::format("{:<10}", "panel");
  for (auto const& title : titles) line += fmt::format(" {:>10}", title);
  return line + "\n";
}

std::string fixed(double value) { return std::isnan(value) ? nothing : fmt::format("{:.3f}", value); }
/// Activations of the input have the unit of the recording, which can be tiny.
std::string in_own_unit(double value) { return fmt::format(" {:>10}", analysis::document::decimal_text(value, 3)); }
std::string number(double value) { return fmt::format(" {:>10}", fixed(value)); }

std::string panels(analysis::trial_file::LayerMeasures const& measures) {
  std::vector<std::string> titles;
  if (!measures.dimension.empty())
    for (auto const k : measures.dimension.front().k) titles.push_back(fmt::format("LB k={}", k));
  titles.insert(titles.end(), {"mean", "std", "PR"});
  auto text = header(titles);
  auto const key =
      fmt::format("{}PR: participation ratio\n",
                  measures.dimension.empty() ? std::string() : fmt::format("LB: {}; ", levina_bickel_original.label()));
  for (std::size_t p = 0; p < measures.layers.size(); ++p) {
    text += fmt::format("{:<10}", measures.layers[p]);
    if (!measures.dimension.empty())
      for (auto const& estimate : measures.dimension[p][levina_bickel_original]) text += number(estimate.value);
    auto const& activation = measures.activation[p];
    text += in_own_unit(activation.mean) + in_own_unit(activation.std) + number(activation.participation_ratio) + "\n";
  }
  return text + key;
}

/// At the middle k, next to the controls that a dimension must be compared with.
std::string controls(Evaluation const& evaluation) {
  auto const& measures = evaluation.measures;
  auto const& control = evaluation.controls;
  if (measures.dimension.empty() || measures.dimension.front().k.empty() || !control.any()) return {};
  auto const& ks = measures.dimension.front().k;
  auto const middle = ks.size() / 2;
  auto const at = [&](std::vector<DimensionEstimates> const& sets, std::size_t p) {
    return sets.empty() ? std::numeric_limits<double>::quiet_NaN() : sets[p][levina_bickel_original][middle].value;
  };
  auto text = fmt::format("\n{}, k = {}, and its controls\n", levina_bickel_original.label(), ks[middle]) +
              header({"trained", "untrained", "shuffled"});
  for (std::size_t p = 0; p < measures.layers.size(); ++p)
    text += fmt::format("{:<10}", measures.layers[p]) + number(at(measures.dimension, p)) +
            number(at(control.untrained.dimension, p)) + number(at(control.shuffled, p)) + "\n";
  if (control.signal)
    text += fmt::format("noise-free signal {:.3f}\n", (*control.signal)[levina_bickel_original][middle].value);
  if (control.noise) text += fmt::format("pure noise {:.3f}\n", (*control.noise)[levina_bickel_original][middle].value);
  return text;
}

std::string probes(Evaluation const& evaluation, std::string const& label) {
  if (evaluation.probes.targets.empty()) return {};
  constexpr std::size_t narrowest = 23;
  std::vector<std::size_t> widths;
  std::string text = "\nLinear probes on held-out stretches of time: trained ± half the 95 % interval (untrained)\n" +
                     fmt::format("{:<10}", "panel");
  for (auto const& probe : evaluation.probes.targets) {
    auto const title = (probe.target == "circle" ? label : probe.target) + " " + probe.scores.front().name;
    widths.push_back(std::max(narrowest, title.size()));
    text += fmt::format(" {:>{}}", title, widths.back());
  }
  text += "\n";
  for (std::size_t p = 0; p < evaluation.measures.layers.size(); ++p) {
    text += fmt::format("{:<10}", evaluation.measures.layers[p]);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      auto const& score = evaluation.probes.targets[i].scores.front();
      auto field =
          fixed(score.trained[p].value) + " ± " + fixed(half_interval(score.trained[p], evaluation.probes.groups));
      if (!score.untrained.empty()) field += " (" + fixed(score.untrained[p].value) + ")";
      text += fmt::format(" {:>{}}", field, widths[i]);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string report(Evaluation const& evaluation, std::string const& label) {
  auto const text = panels(evaluation.measures) + controls(evaluation) + probes(evaluation, label);
  return text +
         analysis::document::reason_for_nothing(text, "the activations are constant or too few rows can be compared");
}

}  // namespace mambasynth::evaluate
