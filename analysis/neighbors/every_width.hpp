#pragma once

#include <cstdint>

/// Private to analysis: loops in double, compiled for several instruction sets, of which one is chosen at run time.
/// Products and sums are rounded separately (-ffp-contract=off), so all widths give bit-identical results.
namespace mambasynth::analysis::neighbors {

/// Values that the compiler spreads over as many registers as the machine has.
using Eight = double __attribute__((vector_size(64), aligned(8)));

}  // namespace mambasynth::analysis::neighbors

/// Put before a function: compiles one version of it for each width.
#if defined(__x86_64__) && !defined(MAMBASYNTH_SANITIZED)  // the version is chosen before a sanitizer is initialized
#define MAMBASYNTH_EVERY_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MAMBASYNTH_EVERY_WIDTH
#endif
