#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "analysis/collate/configuration.hpp"
#include "analysis/collate/swept_axis.hpp"

namespace mambasynth::analysis::collate {
namespace {

/// All keys that change a result. The collator does not know the configuration's sections, and their help is a
/// sentence, which no axis has room for; axis_words_test.cpp finds a key that is missing here.
constexpr std::array words_of_keys = std::to_array<std::pair<char const*, char const*>>({
    {"data.seed", "Seed of the circles"},
    {"data.n_steps", "Length of the series, steps"},
    {"data.n_circles", "Number of circles"},
    {"data.ambient_dim", "Number of channels"},
    {"data.radius_mean", "Mean radius"},
    {"data.radius_std", "Radius (sd)"},
    {"data.noise_std", "Noise of the series (sd)"},
    {"data.dwell_mean", "Mean dwell time, steps"},
    {"data.dwell_std", "Dwell time (sd), steps"},
    {"data.min_period", "Shortest period, steps"},
    {"data.max_period", "Longest period, steps"},
    {"data.subspace_dim", "Dimension of the circles' subspace"},
    {"data.drift_std", "Drift of the centers (sd)"},
    {"data.path_seed", "Seed of the path"},
    {"data.test_path_seed", "Seed of the test path"},
    {"data.test_n_steps", "Length of the test series, steps"},
    {"data.path", "Series"},
    {"data.array", "Array of the file"},
    {"data.standardise", "Standardization"},
    {"data.test_fraction", "Share of the test part"},
    {"data.sampling_rate", "Sampling rate, Hz"},
    {"model.d_model", "Number of features (d_model)"},
    {"model.n_layers", "Number of layers"},
    {"model.d_state", "Number of states per channel (d_state)"},
    {"model.d_conv", "Width of the convolution, taps"},
    {"model.expand", "Number of inner channels per feature"},
    {"model.d_ff", "Hidden width of the heads"},
    {"model.dropout", "Dropout"},
    {"model.max_horizon", "Longest horizon, steps"},
    {"train.seed", "Seed"},
    {"train.seq_len", "Window, steps"},
    {"train.stride", "Stride of windows, steps"},
    {"train.batch_size", "Batch size"},
    {"train.lr", "Learning rate"},
    {"train.warmup_epochs", "Number of warm-up epochs"},
    {"train.epochs", "Number of epochs"},
    {"train.val_fraction", "Share of the validation part"},
    {"train.gate_lr_factor", "Gate learning-rate factor"},
    {"train.lr_floor", "Floor of the learning rate"},
    {"train.split", "Split of the series"},
    {"train.num_workers", "Order of random draws"},
    {"train.train_eval", "Training loss without dropout"},
    {"train.test_every", "Interval of tests, epochs"},
    {"train.precision", "Precision"},
    {"train.freeze_a", "Frozen A"},
    {"train.slowness_lambda", "Slowness weight"},
    {"train.contrastive_lambda", "Contrastive weight"},
    {"train.contrastive_temp", "Contrastive temperature"},
    {"train.contrastive_negatives", "Number of contrastive negatives"},
    {"train.aug_rotate", "Rotation of batches"},
    {"train.aug_rotate_eps", "Size of the rotations"},
    {"train.aug_scale", "Range of the scaling"},
    {"train.aug_noise", "Noise on the input (sd)"},
});

}  // namespace

std::string axis_words(std::string const& key) {
  auto const* const at =
      std::find_if(words_of_keys.begin(), words_of_keys.end(), [&](auto const& entry) { return entry.first == key; });
  return at == words_of_keys.end() ? key : at->second;
}

std::string brief_axis_words(std::string const& key) {
  auto words = axis_words(key);
  if (words == key) return short_key(key);
  if (auto const symbol = words.find("(d_"); symbol != std::string::npos)
    return words.substr(symbol + 1, words.find(')', symbol) - symbol - 1);
  words = words.substr(0, words.find(','));
  words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return words;
}

}  // namespace mambasynth::analysis::collate
