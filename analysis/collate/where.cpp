#include "analysis/collate/where.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "analysis/collate/key_names.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/collate/numbers.hpp"
#include "errors/errors.hpp"
#include "errors/printable.hpp"

namespace mambasynth::analysis::collate {
namespace {

constexpr char const* flag = "--where";
constexpr char const* seed_key = "seed";
constexpr char const* state_key = "state";

/// The longer ones first.
constexpr std::array<std::pair<std::string_view, Comparison>, 7> comparisons = {{{"<=", Comparison::less_or_equal},
                                                                                 {">=", Comparison::greater_or_equal},
                                                                                 {"!=", Comparison::unequal},
                                                                                 {"==", Comparison::equal},
                                                                                 {"=", Comparison::equal},
                                                                                 {"<", Comparison::less},
                                                                                 {">", Comparison::greater}}};

/// Reads the text from left to right.
class Reader {
 public:
  explicit Reader(std::string const& text) : text_(text), rest_(text_) {}

  [[nodiscard]] bool at_end() {
    skip_spaces();
    return rest_.empty();
  }
  Condition condition() {
    Condition condition;
    condition.key = key();
    condition.comparison = comparison();
    condition.value = value();
    return condition;
  }
  void conjunction() {
    skip_spaces();
    auto const word = until([](char c) { return c == ' '; });
    if (word != "and" && word != "AND" && word != "&&")
      throw error(fmt::format("'{}' stands where 'and' is expected", errors::quotable(word)));
  }

 private:
  std::string key() {
    skip_spaces();
    auto const word = until([](char c) { return c == ' ' || c == '<' || c == '>' || c == '=' || c == '!'; });
    if (word.empty()) throw error("a condition starts with a key");
    return std::string(word);
  }
  Comparison comparison() {
    skip_spaces();
    for (auto const& [sign, comparison] : comparisons)
      if (rest_.starts_with(sign)) {
        rest_.remove_prefix(sign.size());
        return comparison;
      }
    throw error("after the key stands one of = != < <= > >=");
  }
  std::string value() {
    skip_spaces();
    if (rest_.empty()) throw error("a condition ends with a value");
    auto const quote = rest_.front();
    if (quote != '\'' && quote != '"') return std::string(until([](char c) { return c == ' '; }));
    rest_.remove_prefix(1);
    auto const end = rest_.find(quote);
    if (end == std::string_view::npos) throw error("a quoted value does not end");
    auto const inside = std::string(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return inside;
  }
  void skip_spaces() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) rest_.remove_prefix(1);
  }
  template <class Ends>
  std::string_view until(Ends ends) {
    auto const* const end = std::find_if(rest_.begin(), rest_.end(), ends);
    auto const word = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(word.size());
    return word;
  }
  [[nodiscard]] errors::Error error(std::string const& why) const {
    return errors::usage(fmt::format("{} '{}' cannot be read", flag, errors::quotable(text_)), why,
                         "Write conditions such as 'train.gate_lr_factor<=0.1 and seed=42', in quotes for the shell");
  }

  std::string text_;
  std::string_view rest_;
};

/// Every key by which a trial can be chosen.
std::vector<std::string> keys_of(SweepFolder const& sweep) {
  std::vector<std::string> keys = sweep.axes;
  keys.insert(keys.end(), {seed_key, "train.seed", state_key, trial_axis});
  std::set<std::string> more;
  for (auto const& trial : sweep.trials)
    if (trial.configuration)
      for (auto const& [key, value] : *trial.configuration) more.insert(key);
  for (auto const& key : more)
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  return keys;
}

std::string found_in(CollatedTrial const& trial, std::string const& key) {
  if (auto const at = trial.axes.find(key); at != trial.axes.end()) return at->second;
  if (key == seed_key || key == "train.seed") return trial.seed;
  if (key == state_key) return state_of(trial);
  if (key == trial_axis) return trial.id;
  return trial.configuration ? value_of(*trial.configuration, key).written : std::string();
}

/// A string of the configuration stands in quotes there.
std::string without_quotes(std::string const& text) {
  bool const quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::vector<Condition> parse_where(std::string const& text) {
  std::vector<Condition> conditions;
  Reader reader(text);
  do {
    if (!conditions.empty()) reader.conjunction();
    conditions.push_back(reader.condition());
  } while (!reader.at_end());
  return conditions;
}

bool holds(Comparison comparison, std::string const& found, std::string const& wanted) {
  auto const a = parsed_number(found), b = parsed_number(wanted);
  auto const order = a && b ? (*a < *b ? -1 : *a > *b ? 1 : 0) : found.compare(wanted);
  switch (comparison) {
    case Comparison::equal:
      return order == 0;
    case Comparison::unequal:
      return order != 0;
    case Comparison::less:
      return order < 0;
    case Comparison::less_or_equal:
      return order <= 0;
    case Comparison::greater:
      return order > 0;
    case Comparison::greater_or_equal:
      return order >= 0;
  }
  return false;
}

std::vector<std::string> const& parts_of_measures() {
  static std::vector<std::string> const parts{"measure", "layer",  "horizon",   "k",
                                              "n1",      "target", "estimator", "control"};
  return parts;
}

std::string part_of(std::string const& measure, std::string_view part) {
  auto const of = describe(measure);
  if (part == "measure") return of.base;
  if (part == "layer") return of.layer;
  if (part == "horizon") return number_text(of.horizon);
  if (part == "k") return number_text(of.k);
  if (part == "n1") return number_text(of.n1);
  if (part == "target") return of.target;
  if (part == "estimator") return of.estimator;
  return of.control;
}

std::vector<Condition> keep_trials(SweepFolder& sweep, std::vector<Condition> const& conditions) {
  std::vector<Condition> of_trials, of_measures;
  auto known = keys_of(sweep);
  auto const& parts = parts_of_measures();
  known.insert(known.end(), parts.begin(), parts.end());
  for (auto condition : conditions) {
    condition.key = known_name(flag, condition.key, known);
    bool const of_measure = std::find(parts.begin(), parts.end(), condition.key) != parts.end();
    (of_measure ? of_measures : of_trials).push_back(std::move(condition));
  }
  auto const planned = sweep.trials.size();
  std::erase_if(sweep.trials, [&](auto const& trial) {
    return !std::all_of(of_trials.begin(), of_trials.end(), [&](auto const& condition) {
      return holds(condition.comparison, without_quotes(found_in(trial, condition.key)), condition.value);
    });
  });
  if (sweep.trials.empty() && planned > 0)
    throw errors::usage(fmt::format("{} leaves nothing", flag),
                        fmt::format("no trial of {} meets all conditions", planned), "Loosen a condition");
  return of_measures;
}

std::vector<std::string> keep_measures(std::vector<std::string> const& measures,
                                       std::vector<Condition> const& conditions) {
  std::vector<std::string> kept;
  std::copy_if(measures.begin(), measures.end(), std::back_inserter(kept), [&](auto const& measure) {
    return std::all_of(conditions.begin(), conditions.end(), [&](auto const& condition) {
      auto const found = part_of(measure, condition.key);
      return !found.empty() && holds(condition.comparison, found, condition.value);
    });
  });
  if (kept.empty() && !measures.empty())
    throw errors::usage(fmt::format("{} leaves nothing", flag),
                        fmt::format("no measure of {} meets all conditions", measures.size()),
                        "Loosen a condition, or name the measures with --measure");
  return kept;
}

}  // namespace mambasynth::analysis::collate
