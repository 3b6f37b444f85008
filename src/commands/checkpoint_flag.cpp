#include "commands/checkpoint_flag.hpp"

#include <CLI/CLI.hpp>

#include <cmath>

#include "commands/arguments.hpp"
#include "commands/flags.hpp"
#include "config/config.hpp"
#include "config/section.hpp"
#include "errors/errors.hpp"
#include "model/state_dict.hpp"

namespace mambasynth::commands {

/// Python code often stores it as a float.
std::optional<std::int64_t> argument(model::WeightsFile const& file, char const* name) {
  auto const* args = file.checkpoint.find("args");
  auto const* value = args ? args->find(name) : nullptr;
  if (!value) return {};
  if (auto const* number = std::get_if<std::int64_t>(&value->v)) return *number;
  constexpr double largest = 1LL << 53;
  if (auto const* number = std::get_if<double>(&value->v);
      number && *number == std::floor(*number) && std::abs(*number) <= largest)
    return static_cast<std::int64_t>(*number);
  return {};
}

void add_checkpoint_flag(CLI::App& app, std::string& checkpoint) {
  app.add_option("--checkpoint", checkpoint, "weights: .pt or .safetensors")
      ->required()
      ->type_name("FILE")
      ->group(group::input);
}

void require_its_channels(std::string const& checkpoint, std::int64_t network_channels, std::int64_t series_channels) {
  if (series_channels == network_channels) return;
  throw errors::usage("the series has " + std::to_string(series_channels) + " channels",
                      checkpoint + " was trained on " + std::to_string(network_channels),
                      "Give the series that the checkpoint was trained on");
}

void add_window_flag(CLI::App& app, std::int64_t& seq_len) {
  add_number(app, "--seq-len", seq_len, config::allowed_of<config::Train>("seq_len"), "steps per window")
      ->default_str("the checkpoint's")
      ->group(group::input);
}

std::int64_t window_length(std::int64_t given, model::WeightsFile const& file) {
  if (given > 0) return given;
  auto const* args = file.checkpoint.find("args");
  if (!args || !args->find("seq_len")) return config::Train{}.seq_len;
  auto const steps = argument(file, "seq_len");
  if (!steps || *steps < 1)
    throw errors::input("the checkpoint's seq_len cannot be used", "it is not a positive integer",
                        "Give the window length with --seq-len");
  return *steps;
}

std::optional<std::int64_t> training_seed(model::WeightsFile const& file) { return argument(file, "seed"); }

}  // namespace mambasynth::commands
