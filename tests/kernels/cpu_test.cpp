#include "kernels/cpu.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <string>

using namespace mambasynth::kernels;

TEST_CASE("The fastest instruction set is chosen unless MAMBASYNTH_CPU overrides it", "[cpu]") {
  CHECK(supports(InstructionSet::baseline));
  if (char const* asked = std::getenv("MAMBASYNTH_CPU"); asked && *asked) {
    CHECK(cpu_instruction_set() == std::string(asked));
  } else {
    CHECK(supports(instruction_set()));
    for (auto set : {InstructionSet::avx2, InstructionSet::avx512}) CHECK((set <= instruction_set() || !supports(set)));
  }
}

TEST_CASE("The number of threads can be set and reset", "[cpu]") {
  int const before = threads();
  CHECK(before >= 1);
  set_threads(3);
  CHECK(threads() == 3);
  set_threads(0);
  CHECK(threads() == before);
}
