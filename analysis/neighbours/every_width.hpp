#pragma once

#include <cstdint>

/// Private to analysis: loops in double that are compiled for several instruction sets and chosen between at run time.
/// Products and sums are rounded apart (-ffp-contract=off), so every width gives the same bits.
namespace mambasynth::analysis::neighbours {

/// Values that the compiler keeps in as many registers as the machine has.
using Eight = double __attribute__((vector_size(64), aligned(8)));

}  // namespace mambasynth::analysis::neighbours

/// Before a function: one copy of it for each width.
#if defined(__x86_64__) && !defined(MAMBASYNTH_SANITIZED)  // a sanitizer starts after the choice between them
#define MAMBASYNTH_EVERY_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MAMBASYNTH_EVERY_WIDTH
#endif
