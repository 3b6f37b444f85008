#include "analysis/collate/configuration.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "config/text.hpp"
#include "config/toml.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::collate {
namespace {

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  if (text.size() > 1 && text.front() == '+') text.remove_prefix(1);
  Number value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Integers stay exact beyond 2^53, where doubles do not.
std::string canonical_number(std::string const& text) {
  if (auto const integer = number_in<std::int64_t>(text)) return std::to_string(*integer);
  auto const value = number_in<double>(text);
  if (!value || !std::isfinite(*value)) return text;
  constexpr double beyond_integers = 9223372036854775808.0;
  if (*value == std::floor(*value) && std::abs(*value) < beyond_integers)
    return std::to_string(static_cast<std::int64_t>(*value));
  return config::shortest(*value);
}

std::string unquoted(std::string const& text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"' ? text.substr(1, text.size() - 2) : text;
}

std::string computed_canonical(std::string const& key, std::string const& written) {
  try {
    // A plan shows text without quotes: if the key holds text, even a value that looks like a number is text.
    return config::canonical_value(key, config::given_text(written, "--"));
  } catch (errors::Error const&) {
    return canonical_number(unquoted(written));  // a key of another version, or a value that this version rejects
  }
}

/// A key that merely repeats what another one implies.
void drop_implied(Configuration& configuration) {
  auto const number = [&](char const* key) {
    auto const at = configuration.find(key);
    return at == configuration.end() ? std::nullopt : number_in<std::int64_t>(at->second.canonical);
  };
  auto const seed = number("data.seed"), path = number("data.path_seed");
  auto const of_path = path ? path : seed;
  if (auto const test = number("data.test_path_seed"); test && *test > 0 && of_path == *test - 1)
    configuration.erase("data.test_path_seed");
  if (path && path == seed) configuration.erase("data.path_seed");
  if (auto const steps = number("data.test_n_steps"); steps && steps == number("data.n_steps"))
    configuration.erase("data.test_n_steps");
}

}  // namespace

std::string canonical_of(std::string const& key, std::string const& written) {
  if (key == trial_axis) return written;
  // Cached: thousands of trials have the same few values.
  static std::map<std::pair<std::string, std::string>, std::string> known;
  auto const [at, is_new] = known.try_emplace({key, written});
  if (is_new) at->second = computed_canonical(key, written);
  return at->second;
}

Configuration read_configuration(std::string const& toml) {
  Configuration configuration;
  std::istringstream lines(toml);
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view equals = " = ";
    if (line.starts_with('[')) {
      section = line.starts_with("[[") || !line.ends_with(']') ? "" : line.substr(1, line.size() - 2);
      continue;
    }
    auto const at = line.find(equals);
    if (section.empty() || section == "sweep" || at == std::string::npos) continue;
    auto const key = section + "." + line.substr(0, at);
    auto const written = line.substr(at + equals.size());
    configuration[key] = {canonical_of(key, written), unquoted(written)};
  }
  drop_implied(configuration);
  return configuration;
}

SharedConfiguration shared_configuration(std::string const& toml) {
  static std::unordered_map<std::string, std::shared_ptr<Configuration const>> known;
  auto text = toml;
  std::string seed_as_written;
  constexpr std::string_view section = "\n[train]\n", key = "\nseed = ";
  auto const train = toml.starts_with(section.substr(1)) ? 0 : toml.find(section);
  if (train != std::string::npos) {
    auto const next = toml.find("\n[", train + 1);
    if (auto const seed = toml.find(key, train); seed < next) {
      auto const end = std::min(toml.find('\n', seed + 1), toml.size());
      seed_as_written = toml.substr(seed + key.size(), end - seed - key.size());
      text.erase(seed, end - seed);
    }
  }
  auto& configuration = known[text];
  if (!configuration) {
    auto read = read_configuration(text);
    configuration = std::make_shared<Configuration const>(std::move(read));
  }
  return {configuration, seed_as_written};
}

Value value_of(Configuration const& configuration, std::string const& key) {
  if (auto const at = configuration.find(key); at != configuration.end()) return at->second;
  Value value;
  config::visit_key(config::Trial{}, key, [&](auto const&, auto const& otherwise) {
    if constexpr (!requires { otherwise.has_value(); })
      value = {config::canonical(otherwise), unquoted(config::to_toml(otherwise))};
  });
  return value;
}

bool tells_apart(std::string const& key) {
  if (key == "train.seed") return false;
  auto effect = config::Effect::result;
  config::visit_key(config::Trial{}, key, [&](auto const& field, auto const&) { effect = field.effect; });
  return effect != config::Effect::none;
}

}  // namespace mambasynth::analysis::collate
