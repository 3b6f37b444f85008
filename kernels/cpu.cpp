#include "kernels/cpu.hpp"

#include <omp.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace mambasynth::kernels {
namespace {

constexpr InstructionSet all_sets[] = {InstructionSet::avx512, InstructionSet::avx2, InstructionSet::baseline};

char const* name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx512:
      return "avx512";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::baseline:
      break;
  }
  return "baseline";
}

InstructionSet checked(InstructionSet wanted, std::string const& source) {
  if (!supports(wanted))
    throw std::runtime_error(source + " cannot run here (this processor or this build has no " + name_of(wanted) +
                             "). Leave it out to use " + name_of(instruction_set()) + ".");
  return wanted;
}

InstructionSet fastest() {
  for (auto set : all_sets)
    if (supports(set)) return set;
  return InstructionSet::baseline;
}

InstructionSet first_choice() {
  char const* asked = std::getenv("MAMBASYNTH_CPU");
  if (!asked || !*asked) return fastest();
  for (auto set : all_sets)
    if (asked == std::string(name_of(set))) {
      if (supports(set)) return set;
      throw std::runtime_error("MAMBASYNTH_CPU=" + std::string(asked) +
                               " cannot run here (this processor or this build lacks it). Unset it to use " +
                               name_of(fastest()) + ".");
    }
  throw std::runtime_error("MAMBASYNTH_CPU=" + std::string(asked) +
                           " is not an instruction set (baseline, avx2, avx512). Unset it to use " +
                           name_of(fastest()) + ".");
}

std::atomic<InstructionSet>& chosen() {
  static std::atomic<InstructionSet> set{first_choice()};
  return set;
}

std::atomic<int> chosen_threads{0};

}  // namespace

bool supports(InstructionSet wanted) {
#ifdef MAMBASYNTH_KERNELS_X86
  switch (wanted) {
    case InstructionSet::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && supports(InstructionSet::avx2);
    case InstructionSet::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case InstructionSet::baseline:
      break;
  }
#endif
  return wanted == InstructionSet::baseline;
}

InstructionSet instruction_set() { return chosen(); }
char const* cpu_instruction_set() { return name_of(instruction_set()); }
void use_instruction_set(InstructionSet wanted) { chosen() = checked(wanted, name_of(wanted)); }

int threads() {
  int const count = chosen_threads;
  return count > 0 ? count : omp_get_max_threads();
}
void set_threads(int count) { chosen_threads = count; }

}  // namespace mambasynth::kernels
