#include <c10/util/BFloat16.h>

#include <algorithm>

#include "errors/stop.hpp"
#include "generate/generate.hpp"
#include "model/recurrence.hpp"
#include "progress/count.hpp"

namespace mambasynth::generate {
namespace {

/// Rounds to the nearest bf16, ties to even. NaN keeps its bits, which c10::BFloat16 would replace.
float to_bf16(float value) { return value != value ? value : static_cast<float>(c10::BFloat16(value)); }

/// Row `row` of every sequence of (sequence, rows, width).
void take_rows(float const* from, std::int64_t sequences, std::int64_t rows, std::int64_t row, std::int64_t width,
               std::vector<float>& to) {
  for (std::int64_t b = 0; b < sequences; ++b)
    std::copy_n(from + (b * rows + row) * width, width, to.begin() + b * width);
}

class HostGenerator : public Generator {
 public:
  explicit HostGenerator(model::Network const& network) : recurrence_(network) {}

  void run(kernels::RecurrentGeneration const& run) override {
    auto recurrence = recurrence_.with_count(run.sequences);
    auto const channels = recurrence.dimensions().channels;
    auto const inside = recurrence.dimensions().layers * recurrence.dimensions().features;
    std::vector<float> next(static_cast<std::size_t>(run.sequences * channels));
    std::vector<float> noise(run.burst ? static_cast<std::size_t>(run.sequences * inside) : 0);
    auto const round = [&](float v) { return run.bf16_feedback ? to_bf16(v) : v; };
    progress::Count count(run.seed_steps + run.steps, "step");
    for (std::int64_t t = 0; t < run.seed_steps; ++t, count.add()) {
      errors::check_stop();
      take_rows(run.seed, run.sequences, run.seed_steps, t, channels, next);
      if (t + 1 < run.seed_steps) recurrence.absorb(next);
    }
    std::vector<float> prediction(next.size());
    auto const predict = [&](std::span<float const> from) { std::copy(from.begin(), from.end(), prediction.begin()); };
    predict(recurrence.step(next));
    for (std::int64_t step = 0; step < run.steps; ++step, count.add()) {
      errors::check_stop();
      for (std::int64_t b = 0; b < run.sequences; ++b)
        for (std::int64_t c = 0; c < channels; ++c) {
          auto const i = static_cast<std::size_t>(b * channels + c);
          auto const at = (b * run.steps + step) * channels + c;
          next[i] = round(prediction[i]);
          if (run.noise) next[i] = round(next[i] + round(run.noise[at]));
          run.generated[at] = next[i];
        }
      if (step + 1 == run.steps) break;
      auto const burst = run.burst ? run.burst[step] : -1;
      if (burst < 0) {
        predict(recurrence.step(next));
      } else {
        take_rows(run.hidden_noise, run.sequences, run.bursts, burst, inside, noise);
        // The noisy pass comes first: it starts from the state before this step, which the clean pass then advances.
        predict(recurrence.step_perturbed(next, noise));
        recurrence.absorb(next);
      }
    }
  }

 private:
  model::Recurrence const recurrence_;  // its weights
};

}  // namespace

std::unique_ptr<Generator> host_generator(model::Network const& network) {
  return std::make_unique<HostGenerator>(network);
}

}  // namespace mambasynth::generate
