#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "config/field.hpp"

namespace mambasynth::config {

/// Training. Defaults: the original's documented run.
struct Train {
  std::int64_t seed = 42;
  std::int64_t seq_len = 1024;
  std::int64_t stride = 256;
  std::int64_t batch_size = 128;
  double lr = 3e-4;
  std::int64_t warmup_epochs = 20;
  std::int64_t epochs = 500;
  double val_fraction = 0.1;
  double gate_lr_factor = 1.0;
  std::string lr_floor = "group";
  std::string split = "blocked";
  std::int64_t num_workers = 3;
  bool train_eval = false;
  std::int64_t test_every = 10;
  std::string precision = "auto";
  double resume_every = 60;
  double comm_timeout = 300;
  bool freeze_a = false;
  double slowness_lambda = 0;
  double contrastive_lambda = 0;
  double contrastive_temp = 0.07;
  std::int64_t contrastive_negatives = 256;
  bool aug_rotate = false;
  double aug_rotate_eps = 0;
  double aug_scale = 0;
  double aug_noise = 0;

  static constexpr std::string_view section = "train";
  static constexpr std::string_view title = "training";
  static auto fields() {
    constexpr auto later = Effect::result_unless_default;
    return std::tuple{
        Field{"seed", &Train::seed, seeds(), "seed of weights, split, batch order, dropout"}.own(),
        Field{"seq_len", &Train::seq_len, between(2, most_count), "steps per window"}.own(),
        Field{"stride", &Train::stride, between(1, most_steps), "steps between window starts"},
        Field{"batch_size", &Train::batch_size, between(1, most_count), "windows per batch"}.own(),
        Field{"lr", &Train::lr, between(0, most_factor), "peak learning rate"}.own(),
        Field{"warmup_epochs", &Train::warmup_epochs, between(0, most_count),
              "epochs of linear warmup from 1 % of the rate"},
        Field{"epochs", &Train::epochs, between(1, most_count), "passes over the training windows"}.common(),
        Field{"val_fraction", &Train::val_fraction, between(0, 0.9), "fraction held out for validation"},
        Field{"gate_lr_factor", &Train::gate_lr_factor, between(0, most_factor),
              "learning-rate factor of x_proj and dt_proj; 0 freezes them"}
            .own(),
        Field{"lr_floor", &Train::lr_floor, one_of({"group", "global"}),
              "floor of the cosine schedule: 1 % of each group's own rate, or of --lr for both (the original)"},
        Field{"split", &Train::split, one_of({"blocked", "random"}),
              "validate at the end of the series, or on random windows (the original, which leaks)"}
            .own(),
        Field{"num_workers", &Train::num_workers, between(0, most_count),
              "selects the original's order of random draws: 0, or more than 0"},
        Field{"train_eval", &Train::train_eval, any(), "measure the training windows without dropout each epoch"},
        Field{"test_every", &Train::test_every, between(1, most_count),
              "epochs between measurements on the test series"},
        Field{"precision", &Train::precision, one_of({"auto", "bf16", "fp32"}), "auto = bf16 on CUDA, fp32 on the CPU"}
            .own(),
        Field{"resume_every", &Train::resume_every, between(0, most_seconds), "seconds between saved states",
              Effect::none},
        Field{"comm_timeout", &Train::comm_timeout, above(0, most_seconds),
              "seconds without a message after which a rank counts as lost", Effect::none},
        Field{"freeze_a", &Train::freeze_a, any(), "do not train A_log", later},
        Field{"slowness_lambda", &Train::slowness_lambda, between(0, most_factor),
              "weight of the slowness loss: mean square change of the residual stream from step to step", later},
        Field{"contrastive_lambda", &Train::contrastive_lambda, between(0, most_factor),
              "weight of the contrastive loss: identify each step's successor among drawn steps, by cosine", later},
        Field{"contrastive_temp", &Train::contrastive_temp, above(0, most_factor),
              "temperature of the contrastive loss", later},
        Field{"contrastive_negatives", &Train::contrastive_negatives, between(1, most_count),
              "steps drawn per batch and layer for the contrastive loss", later},
        Field{"aug_rotate", &Train::aug_rotate, any(), "rotate each training batch at random", later},
        Field{"aug_rotate_eps", &Train::aug_rotate_eps, between(0, most_factor),
              "small rotations exp(eps (M - M^T) / 2) with M standard normal; 0 = any rotation", later},
        Field{"aug_scale", &Train::aug_scale, between(0, 1),
              "a: scale each training window by a factor from 1 - a to 1 + a", later},
        Field{"aug_noise", &Train::aug_noise, between(0, most_factor),
              "standard deviation of noise added to the training input but not to the target", later},
    };
  }
  /// Whether training windows are augmented.
  [[nodiscard]] bool augments() const { return aug_rotate || aug_scale > 0 || aug_noise > 0; }
  /// The key of a loss that needs all windows of a batch at once, so that a batch cannot be divided into micro-batches
  /// or among ranks; empty if there is none.
  [[nodiscard]] std::string_view whole_batch_key() const { return contrastive_lambda > 0 ? "contrastive_lambda" : ""; }
  [[nodiscard]] bool needs_whole_batch() const { return !whole_batch_key().empty(); }
};

}  // namespace mambasynth::config
