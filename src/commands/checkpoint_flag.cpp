#include "commands/checkpoint_flag.hpp"

#include <CLI/CLI.hpp>

#include "errors/errors.hpp"

namespace mambasynth::commands {

void add_checkpoint_flag(CLI::App& app, std::string& checkpoint) {
  app.add_option("--checkpoint", checkpoint, "weights: ours or the original's .pt, or .safetensors")->required()->type_name("FILE");
}

void require_its_channels(std::string const& checkpoint, std::int64_t network_channels, std::int64_t series_channels) {
  if (series_channels == network_channels) return;
  throw errors::usage("the series has " + std::to_string(series_channels) + " channels",
                      checkpoint + " was trained on " + std::to_string(network_channels),
                      "Give the series that the checkpoint belongs to");
}

}  // namespace mambasynth::commands
