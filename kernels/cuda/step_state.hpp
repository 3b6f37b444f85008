#pragma once

namespace mambasynth::kernels::cuda {

/// Groups of parameters that a training step updates at separate learning rates.
inline constexpr int parameter_groups = 3;

/// What a captured training step reads and advances on the device, one object in device memory.
struct StepState {
  unsigned long long step;     ///< optimizer steps taken; the dropout's counter
  long long batch;             ///< batches of this epoch done
  float lr[parameter_groups];  ///< of each group in this epoch; 0 leaves a group bit for bit unchanged
  int halted;                  ///< 1 once a loss or gradient was not finite: nothing changes anymore
};

}  // namespace mambasynth::kernels::cuda
