#include "series/config_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>
#include <vector>

#include "errors/errors.hpp"
#include "series/process.hpp"
#include "store/json_integer.hpp"

namespace mambasynth::series {
namespace {

std::string python_float(double value) {
  auto text = fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

/// The original stores the two dwell keys as integers.
std::string python_number(double value) {
  constexpr double exact_below = 1e15;
  return value == std::floor(value) && std::abs(value) < exact_below ? fmt::format("{:.0f}", value)
                                                                     : python_float(value);
}

constexpr char const* remedy = "Restore the config.json that was written with data.npz";

}  // namespace

std::string to_config_json(config::Data const& data) {
  std::vector<std::string> lines;
  auto const add = [&](char const* key, std::string const& value) {
    lines.push_back(fmt::format("  \"{}\": {}", key, value));
  };
  add("n_steps", fmt::to_string(data.n_steps));
  add("n_circles", fmt::to_string(data.n_circles));
  add("ambient_dim", fmt::to_string(data.ambient_dim));
  add("radius_mean", python_float(data.radius_mean));
  add("radius_std", python_float(data.radius_std));
  add("noise_std", python_float(data.noise_std));
  add("dwell_mean", python_number(data.dwell_mean));
  add("dwell_std", python_number(data.dwell_std));
  add("min_period", fmt::to_string(data.min_period));
  add("max_period", fmt::to_string(data.max_period));
  add("subspace_dim", data.subspace_dim == 0 ? "null" : fmt::to_string(data.subspace_dim));
  add("seed", fmt::to_string(data.seed));
  if (data.drift_std != 0) add("drift_std", python_float(data.drift_std));
  if (data.path_seed) add("path_seed", fmt::to_string(*data.path_seed));
  if (data.test_path_seed) add("test_path_seed", fmt::to_string(*data.test_path_seed));
  if (data.test_n_steps) add("test_n_steps", fmt::to_string(*data.test_n_steps));
  return fmt::format("{{\n{}\n}}", fmt::join(lines, ",\n"));
}

config::Data from_config_json(std::string const& text, std::string const& origin) {
  auto const json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) throw errors::input(origin + " cannot be read", "it is not a JSON object", remedy);
  auto const fail = [&](std::string const& key, std::string const& why) {
    return errors::input(origin + " cannot be used", "'" + key + "' " + why, remedy);
  };
  auto const read = [&](std::string const& key, auto& target) {
    auto const found = json.find(key);
    if (found == json.end()) throw fail(key, "is missing");
    using Target = std::remove_cvref_t<decltype(target)>;
    std::optional<Target> value;
    if constexpr (std::is_integral_v<Target>) value = store::integer_in<Target>(*found);
    else if (found->is_number()) value = found->get<Target>();
    if (!value) throw fail(key, "is not a number of the expected type");
    target = *value;
  };
  auto const read_optional = [&](std::string const& key, std::optional<std::int64_t>& target) {
    if (json.contains(key) && !json[key].is_null()) read(key, target.emplace());
  };

  config::Data data;
  read("n_steps", data.n_steps);
  read("n_circles", data.n_circles);
  read("ambient_dim", data.ambient_dim);
  read("radius_mean", data.radius_mean);
  read("radius_std", data.radius_std);
  read("noise_std", data.noise_std);
  read("dwell_mean", data.dwell_mean);
  read("dwell_std", data.dwell_std);
  read("min_period", data.min_period);
  read("max_period", data.max_period);
  if (json.contains("drift_std")) read("drift_std", data.drift_std);
  std::optional<std::int64_t> subspace_dim;
  read_optional("subspace_dim", subspace_dim);
  data.subspace_dim = subspace_dim.value_or(0);
  read("seed", data.seed);
  read_optional("path_seed", data.path_seed);
  read_optional("test_path_seed", data.test_path_seed);
  read_optional("test_n_steps", data.test_n_steps);
  if (auto const violation = first_violation(data); !violation.empty())
    throw errors::input(origin + " cannot be used", violation, remedy);
  return data;
}

}  // namespace mambasynth::series
