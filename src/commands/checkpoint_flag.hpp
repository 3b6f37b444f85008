#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace mambasynth::commands {

/// --checkpoint of a verb that needs weights.
void add_checkpoint_flag(CLI::App& app, std::string& checkpoint);
/// Errors: errors::usage where the series has other channels than the checkpoint's network.
void require_its_channels(std::string const& checkpoint, std::int64_t network_channels, std::int64_t series_channels);

}  // namespace mambasynth::commands
