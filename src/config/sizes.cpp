#include "config/sizes.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <utility>

#include "errors/errors.hpp"

namespace mambasynth::config {
namespace {

constexpr auto past_counting = std::numeric_limits<std::uint64_t>::max();

std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? past_counting : result;
}

std::string in_words(Need const& need) {
  std::string text;
  for (auto const& factor : need.factors)
    text += (text.empty() ? "" : " x ") + factor.name + " = " + std::to_string(factor.value);
  return text + (need.bytes == 1 ? "" : " x " + std::to_string(need.bytes) + " bytes");
}

}  // namespace

std::uint64_t bytes_of(Need const& need) {
  auto bytes = static_cast<std::uint64_t>(need.bytes);
  for (auto const& factor : need.factors)
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(factor.value), &bytes)) return past_counting;
  return bytes;
}

std::string in_bytes(std::uint64_t bytes) {
  constexpr std::array<char const*, 7> units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes == past_counting) return "more than 18 EB";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g %s", value, units[unit]);
  return text.data();
}

Limit address_space() { return {std::uint64_t{1} << 47, "a process can address"}; }

void require_within(std::vector<Need> const& needs, Limit const& limit) {
  std::uint64_t all = 0;
  Need const* largest = nullptr;
  for (auto const& need : needs) {
    all = sum(all, bytes_of(need));
    if (largest == nullptr || bytes_of(need) > bytes_of(*largest)) largest = &need;
  }
  if (all <= limit.bytes) return;
  throw errors::usage(
      largest->what + " would take " + in_bytes(bytes_of(*largest)) + ", " + in_words(*largest),
      limit.phrase + " " + in_bytes(limit.bytes) + (needs.size() > 1 ? "; the total would be " + in_bytes(all) : ""),
      "Lower one of them");
}

std::vector<Need> needs_of_process(Data const& data) {
  constexpr std::int64_t twice = 8;
  return {{"the transition matrix", {{"data.n_circles", data.n_circles}, {"data.n_circles", data.n_circles}}, twice},
          {"the planes of the circles",
           {{"data.n_circles", data.n_circles}, {"data.ambient_dim", data.ambient_dim}},
           2 * twice}};
}

std::vector<Need> needs_of_series(Data const& data, std::string const& n_steps_key, std::int64_t n_steps) {
  constexpr std::int64_t single = 4;
  auto needs = needs_of_process(data);
  needs.push_back({"the series", {{n_steps_key, n_steps}, {"data.ambient_dim", data.ambient_dim}}, single});
  return needs;
}

std::vector<Need> needs_of_training(Trial const& trial, bool on_host) {
  auto const& model = trial.model;
  // In single precision: a weight, its gradient and two moments. The input and output projections are three matrices of
  // (inner, width).
  constexpr std::int64_t weight = 4 * 4, projections = 3;
  auto const horizons = static_cast<std::int64_t>(model.horizons().size());
  Factor const layers{"model.n_layers", model.n_layers}, expand{"model.expand", model.expand},
      width{"model.d_model", model.d_model};
  std::vector<Need> needs{{"the projections", {layers, expand, width, width}, projections * weight},
                          {"the states' weights", {layers, expand, width, {"model.d_state", model.d_state}}, weight},
                          {"the output heads", {{"horizons", horizons}, {"model.d_ff", model.d_ff}, width}, weight}};
  // The minimum that the backward pass needs of a block: x before and after the convolution, z, delta, y.
  constexpr std::int64_t kept = 6 * 4;
  if (on_host)
    needs.push_back(
        {"one window's activations", {layers, {"train.seq_len", trial.train.seq_len}, expand, width}, kept});
  if (trial.train.contrastive_lambda > 0)
    needs.push_back(
        {"the contrastive loss", {{"train.contrastive_negatives", trial.train.contrastive_negatives}, width}, 4});
  if (trial.data.path.empty()) {
    for (auto& need : needs_of_series(trial.data, "data.n_steps", trial.data.n_steps)) needs.push_back(std::move(need));
    needs.push_back(
        {"the test series",
         {{"data.test_n_steps", trial.data.resolved_test_n_steps()}, {"data.ambient_dim", trial.data.ambient_dim}},
         4});
  }
  return needs;
}

}  // namespace mambasynth::config
