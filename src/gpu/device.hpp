#pragma once

#include <cstdint>
#include <string>

/// The GPUs of this process's machine.
namespace mambasynth::gpu {

/// Cards that this process can use, or why there is none.
struct Cards {
  int count = 0;
  std::string none_because;
};
Cards cards();
/// Makes card `number` the current one of this thread. Errors: std::runtime_error.
void use_card(int number);

struct CardFacts {
  std::string name;
  std::string driver;  ///< its version, or the CUDA version that it supports if the driver does not report its own
  std::string clocks;  ///< highest MHz of multiprocessors and memory
  double memory_mb = 0;
};
CardFacts card_facts();

/// fp32 products without TF32, bf16 products summed in fp32.
void use_exact_products();

/// Memory in use on the current GPU, of all processes, in MB.
double held_memory_mb();

/// Peak of the memory that LibTorch had allocated, in MB, since the last call with `reset`.
double peak_memory_mb(bool reset = false);

}  // namespace mambasynth::gpu
