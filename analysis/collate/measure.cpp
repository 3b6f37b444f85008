#include "analysis/collate/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "analysis/dimension/estimators.hpp"
#include "analysis/trial_file/layer_measures.hpp"
#include "analysis/trial_file/probe_words.hpp"
#include "analysis/trial_file/trial_layout.hpp"

namespace mambasynth::analysis::collate {
namespace {

namespace layout = trial_file::trial_layout;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Bounds unbounded{}, not_negative{0, infinity}, share{0, 1}, at_most_one{-infinity, 1};
constexpr char const* number = "1";

/// Where a measure is taken: once in a trial, at each horizon, in each layer.
enum class Of { trial, horizon, both, layer, probe };

struct Base {
  std::string_view name;
  Of of;
  char const* unit;
  Better better;
  Bounds bounds;
  std::string_view words;
};

constexpr std::string_view same_circle = "Neighbors on the same circle", same_label = "Neighbors with the same label";

/// What is neither an estimator of dimension nor a measure of activations.
constexpr std::array bases{
    Base{"train_mse", Of::trial, number, Better::lower, not_negative, "Training MSE"},
    Base{"val_mse", Of::both, number, Better::lower, not_negative, "Validation MSE"},
    Base{"test_mse", Of::both, number, Better::lower, not_negative, "Test MSE"},
    Base{"bayes_mse", Of::horizon, number, Better::none, not_negative, "Least possible test MSE"},
    Base{"val_bayes_mse", Of::horizon, number, Better::none, not_negative, "Least possible validation MSE"},
    // Noise of the test series can push a network below the optimum.
    Base{"excess_mse", Of::horizon, number, Better::lower, unbounded, "Excess MSE"},
    Base{"test_mse_se", Of::horizon, number, Better::none, not_negative, "Standard error of the test MSE"},
    Base{"bayes_mse_se", Of::horizon, number, Better::none, not_negative, "Standard error of the least possible MSE"},
    Base{"excess_mse_se", Of::horizon, number, Better::none, not_negative, "Standard error of the excess MSE"},
    Base{"accuracy", Of::probe, number, Better::higher, share, "accuracy"},
    Base{"balanced_accuracy", Of::probe, number, Better::higher, share, "balanced accuracy"},
    Base{"log_loss", Of::probe, "nat", Better::lower, not_negative, "log loss"},
    Base{"r2", Of::probe, number, Better::higher, at_most_one, "R²"},
    // Debiased: about 0 for unrelated layers, so it can be negative.
    Base{"cka_untrained", Of::layer, number, Better::none, {-1, 1}, "CKA with the untrained network"},
    Base{"label_overlap", Of::layer, number, Better::none, share, same_circle},
    Base{"label_overlap_untrained", Of::layer, number, Better::none, share, same_circle},
    Base{"seconds", Of::trial, "s", Better::none, not_negative, "Time of the trial"},
};

struct Words {
  std::string_view name, words;
};
constexpr std::array controls{Words{"untrained", "untrained network"}, Words{"shuffled", "shuffled features"},
                              Words{"signal", "noise-free signal"}, Words{"noise", "pure noise"}};
constexpr std::string_view shuffled_targets = "shuffled targets";  // of a probe, unlike the features of a layer

template <class Table>
auto const* entry(Table const& table, std::string_view name) {
  auto const at = std::find_if(table.begin(), table.end(), [&](auto const& row) { return row.name == name; });
  return at == table.end() ? nullptr : &*at;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Up to the next dot, which is dropped.
std::string_view take_part(std::string_view& text) {
  auto const part = text.substr(0, text.find('.'));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

/// The number of a last part like "k30", which is taken away with the dot before it.
std::optional<std::int64_t> take_number(std::string_view& text, std::string_view letter) {
  auto const dot = text.rfind('.');
  auto part = dot == std::string_view::npos ? text : text.substr(dot + 1);
  if (!take_prefix(part, letter)) return std::nullopt;
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
  if (error != std::errc{} || end != part.data() + part.size()) return std::nullopt;
  text = dot == std::string_view::npos ? "" : text.substr(0, dot);
  return value;
}

/// Quantity, control, layer, k or n1, horizon.
std::string label_of(Measure const& measure, std::string_view quantity, std::string_view control) {
  std::string label(quantity);
  if (!control.empty()) label += fmt::format(", {}", control);
  if (!measure.layer.empty()) label += ", " + layer_words(measure.layer);
  if (measure.k) label += fmt::format(", k = {}", *measure.k);
  if (measure.n1) label += fmt::format(", n1 = {}", *measure.n1);
  if (measure.horizon) label += fmt::format(", {} {}", *measure.horizon, *measure.horizon == 1 ? "step" : "steps");
  return label;
}

std::string_view words_of_control(Measure const& measure) {
  if (!measure.target.empty() && measure.control == "shuffled") return shuffled_targets;
  auto const* control = entry(controls, measure.control);
  return control ? control->words : std::string_view{};
}

/// "Levina-Bickel, unbiased"; the family alone if it has no other variant.
std::string words_of(dimension::Estimator const& estimator) {
  auto const of_family = std::count_if(dimension::estimators.begin(), dimension::estimators.end(),
                                       [&](auto const* other) { return other->family == estimator.family; });
  return of_family > 1 ? estimator.label() : std::string(estimator.family);
}

/// False if the rest of the name does not fit.
bool describe_dimension(Measure& measure, dimension::Estimator const& estimator, std::string_view rest) {
  auto const axis = layout::names_of(estimator.axis);
  if (axis.scale) {
    auto const at = take_number(rest, axis.letter);
    if (!at) return false;
    (estimator.axis == dimension::Axis::k ? measure.k : measure.n1) = at;
  }
  measure.layer = rest;
  measure.estimator = estimator.name;
  measure.unit = number;
  measure.bounds = not_negative;
  auto const words = words_of(estimator);
  constexpr std::string_view title = "Intrinsic dimension";
  auto const* between = words.find(',') == std::string::npos ? ", " : "; ";
  measure.quantity = fmt::format("{} ({}{})", title, words,
                                 measure.k    ? fmt::format("{}k = {}", between, *measure.k)
                                 : measure.n1 ? fmt::format("{}n1 = {}", between, *measure.n1)
                                              : "");
  measure.label = label_of(measure, fmt::format("{} ({})", title, words), words_of_control(measure));
  return true;
}

bool describe_activation(Measure& measure, trial_file::ActivationMeasure const& activation, std::string_view layer) {
  measure.layer = layer;
  measure.unit = number;
  measure.bounds.low = activation.least;
  measure.quantity = activation.words;
  measure.label = label_of(measure, measure.quantity, words_of_control(measure));
  return !layer.empty();
}

bool describe_probe(Measure& measure, std::string_view rest, plot::Labels labels) {
  auto const target = take_part(rest);
  auto const words = trial_file::target_words(target, labels);
  auto score = take_part(rest);
  measure.base = score;
  if (take_prefix(score, layout::untrained_prefix)) measure.control = "untrained";
  else if (take_prefix(score, layout::shuffled_prefix)) measure.control = "shuffled";
  auto const* base = entry(bases, score);
  if (words.empty() || !base || base->of != Of::probe || rest.empty()) return false;
  measure.target = target;
  measure.layer = rest;
  measure.unit = base->unit;
  measure.better = measure.control.empty() ? base->better : Better::none;
  measure.bounds = base->bounds;
  measure.quantity = fmt::format("{} probe, {}", words, base->words);
  measure.label = label_of(measure, measure.quantity, words_of_control(measure));
  return true;
}

bool describe_base(Measure& measure, Base const& base, std::string_view rest, plot::Labels labels) {
  if (base.of == Of::probe || !measure.control.empty()) return false;
  if (base.of == Of::horizon || base.of == Of::both) measure.horizon = take_number(rest, "h");
  if (base.of == Of::layer) measure.layer = rest;
  if (base.name.ends_with("_untrained") && base.name != "cka_untrained") measure.control = "untrained";
  measure.unit = base.unit;
  measure.better = base.better;
  measure.bounds = base.bounds;
  measure.quantity = labels == plot::Labels::of_recording && base.words == same_circle ? same_label : base.words;
  measure.label = label_of(measure, measure.quantity, words_of_control(measure));
  bool const complete = (base.of != Of::horizon || measure.horizon) && (base.of != Of::layer || !rest.empty());
  return complete && (base.of == Of::layer || rest.empty());
}

bool describe_known(Measure& measure, plot::Labels labels) {
  std::string_view rest = measure.name;
  if (take_prefix(rest, "probe.")) return describe_probe(measure, rest, labels);
  for (auto const& control : controls)
    if (take_prefix(rest, fmt::format("{}.", control.name))) {
      measure.control = control.name;
      break;
    }
  auto const root = take_part(rest);
  measure.base = measure.control.empty() ? std::string(root) : fmt::format("{}.{}", measure.control, root);
  for (auto const* estimator : dimension::estimators)
    if (estimator->name == root) return describe_dimension(measure, *estimator, rest);
  for (auto const& activation : trial_file::activation_measures)
    if (activation.measure == root) return describe_activation(measure, activation, rest);
  auto const* base = entry(bases, root);
  return base && describe_base(measure, *base, rest, labels);
}

}  // namespace

char const* name_of(Better better) {
  switch (better) {
    case Better::lower:
      return "lower";
    case Better::higher:
      return "higher";
    case Better::none:
      return "";
  }
  return "";
}

std::string label_with_unit(Measure const& measure) {
  if (measure.unit.empty() || measure.unit == number) return measure.label;
  return fmt::format("{} ({})", measure.label, measure.unit);
}

std::string layer_words(std::string layer) {
  std::replace(layer.begin(), layer.end(), '_', ' ');
  return layer;
}

std::string capitalized(std::string words) {
  if (!words.empty() && words[0] >= 'a' && words[0] <= 'z') words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return words;
}

Measure describe(std::string_view name, plot::Labels labels) {
  Measure measure;
  measure.name = name;
  if (describe_known(measure, labels)) return measure;
  Measure unknown;
  unknown.name = unknown.base = unknown.label = unknown.quantity = name;
  unknown.known = false;
  return unknown;
}

}  // namespace mambasynth::analysis::collate
