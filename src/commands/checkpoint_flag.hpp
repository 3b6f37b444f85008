#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace mambasynth::model {
struct WeightsFile;
}

namespace mambasynth::commands {

/// --checkpoint of a verb that needs weights.
void add_checkpoint_flag(CLI::App& app, std::string& checkpoint);
/// Errors: errors::usage where the series has other channels than the checkpoint's network.
void require_its_channels(std::string const& checkpoint, std::int64_t network_channels, std::int64_t series_channels);

/// --seq-len of a verb that cuts windows; 0 where it is not given.
void add_window_flag(CLI::App& app, std::int64_t& seq_len);
/// What is given, else what the checkpoint was trained with, else the default.
std::int64_t window_length(std::int64_t given, model::WeightsFile const& file);
/// The seed that its initial weights were drawn from, where the checkpoint says so.
std::optional<std::int64_t> training_seed(model::WeightsFile const& file);

}  // namespace mambasynth::commands
