#pragma once

// The instruction set and the number of threads of the CPU kernels.
namespace mambasynth::kernels {

/// Ordered from the most portable to the fastest.
enum class InstructionSet { baseline, avx2, avx512 };

/// The fastest instruction set that was compiled in and that this processor has. The environment variable
/// MAMBASYNTH_CPU=baseline|avx2|avx512 (read once, at the first call) selects a slower one, so that one machine can
/// test and time them all. Errors: std::runtime_error if MAMBASYNTH_CPU names an instruction set that is unknown or
/// cannot run here.
InstructionSet instruction_set();
/// Its name, for provenance: "baseline", "avx2" (with FMA) or "avx512" (F, BW, DQ and VL).
char const* cpu_instruction_set();
/// Whether `wanted` was compiled in and can run here.
bool supports(InstructionSet wanted);
/// Overrides instruction_set(), for tests and benchmarks; not while a kernel runs.
/// Errors: std::runtime_error if it cannot run here.
void use_instruction_set(InstructionSet wanted);

/// Threads that a kernel uses: those of set_threads(), by default OpenMP's (OMP_NUM_THREADS).
int threads();
/// 0 restores OpenMP's number. The results of the kernels do not depend on it.
void set_threads(int count);

}  // namespace mambasynth::kernels
