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
/// Errors: errors::usage if the series and the checkpoint's network differ in their number of channels.
void require_its_channels(std::string const& checkpoint, std::int64_t network_channels, std::int64_t series_channels);

/// --seq-len of a verb that cuts windows; 0 if not given.
void add_window_flag(CLI::App& app, std::int64_t& seq_len);
/// An integer among the arguments of the training (`args`), if the checkpoint has it.
std::optional<std::int64_t> argument(model::WeightsFile const& file, char const* name);
/// The given length, else that of the checkpoint's training, else the default.
std::int64_t window_length(std::int64_t given, model::WeightsFile const& file);
/// The seed of the initial weights, if the checkpoint records it.
std::optional<std::int64_t> training_seed(model::WeightsFile const& file);

}  // namespace mambasynth::commands
