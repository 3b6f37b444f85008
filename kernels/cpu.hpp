#pragma once

// What the CPU versions of the kernels run on: which instruction set and how many threads.
namespace mambasynth::kernels {

/// Ordered from the one that runs everywhere to the fastest.
enum class InstructionSet { baseline, avx2, avx512 };

/// The fastest instruction set that was compiled in and that this processor has. The environment variable
/// MAMBASYNTH_CPU=baseline|avx2|avx512 (read once, at the first call) asks for a slower one, so that one machine can
/// test and time them all.
/// Errors: std::runtime_error where MAMBASYNTH_CPU names something unknown or something that cannot run here.
InstructionSet instruction_set();
/// Its name, for provenance: "baseline", "avx2" (with FMA) or "avx512" (F, BW, DQ and VL).
char const* cpu_instruction_set();
/// Whether `wanted` was compiled in and can run here.
bool supports(InstructionSet wanted);
/// Replaces what instruction_set() answers, for tests and benchmarks; not while a kernel runs.
/// Errors: std::runtime_error where it cannot run here.
void use_instruction_set(InstructionSet wanted);

/// Threads that a kernel uses: what set_threads() was given, by default OpenMP's own number (OMP_NUM_THREADS).
int threads();
/// 0 goes back to OpenMP's own number. The results of the kernels do not depend on it.
void set_threads(int count);

}  // namespace mambasynth::kernels
