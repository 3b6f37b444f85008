#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/adamw.hpp"
#include "kernels/cuda/step_state.hpp"
#include "kernels/cuda/stream.hpp"

// The end of a training step on the GPU: gradient norm over all parameters (sums in a fixed order), clipping, the AdamW
// of kernels/adamw.hpp with a learning rate for each group, and the step's record. CPU: train/optimizer.cpp over
// adamw_cpu.cpp. Test: tests/kernels/cuda/adamw_test.cpp. Caller: src/gpu/training_step.cpp.
namespace mambasynth::kernels::cuda {

/// A batch's loss and gradient norm, which the host reads at the end of an epoch.
struct StepRecord {
  double loss;
  double gradient_norm;  ///< before clipping
};

/// Parameters [first, last) of the flat array, and their group.
struct GroupRange {
  std::int64_t first, last, group;
};

struct AdamWShape {
  std::int64_t size;   ///< parameters
  std::int64_t batch;  ///< windows
  std::int64_t terms;  ///< of the loss
  std::int64_t ranges;
};
struct AdamWArrays {
  float* gradient;  ///< not changed
  float *parameters, *first_moment, *second_moment;
  GroupRange const* ranges;   ///< ascending; parameters outside all of them are in group 0
  double const* window_sums;  ///< (term, batch)
  double const* loss_weight;  ///< (term)
  StepRecord* records;
  StepState* state;
};
std::size_t adamw_workspace_bytes(AdamWShape const&);
/// One step at the learning rates of state->lr (settings.lr is not used). Advances state->step and state->batch and
/// writes records[state->batch] with loss = sum over terms of loss_weight[term] sum_b window_sums[term, b]. If the loss
/// or the norm is not finite, or state->halted is set, no parameter, moment or step changes and halted is set.
void adamw_step(AdamWShape const&, AdamW const& settings, double clip_norm, AdamWArrays const&, std::byte* workspace,
                Stream);

}  // namespace mambasynth::kernels::cuda
