#include "parallel/group.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

#include "support/mpirun.hpp"

using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

namespace {

Finished program(int ranks, std::string const& mode) {
  return run_command(under_mpi(MAMBASYNTH_MPIEXEC, ranks, std::string(MAMBASYNTH_GROUP_PROGRAM) + " " + mode));
}

}  // namespace

TEST_CASE("all ranks of a group get the sum in rank order, bit for bit, however many sums are in flight") {
  auto const ranks = GENERATE(1, 2, 3, 4);
  auto const finished = program(ranks, "all");
  INFO(finished.output);
  CHECK(finished.code == 0);
  CHECK(finished.output == "sums agree\n");
}

TEST_CASE("a group may consist of any ranks in any order; the first is the root") {
  auto const finished = program(4, "some");
  INFO(finished.output);
  CHECK(finished.code == 0);
  CHECK(finished.output == "sums agree\n");
}

TEST_CASE("the other ranks fail after their timeout if a rank does not respond") {
  auto const finished = program(2, "silent");
  INFO(finished.output);
  CHECK(finished.code == 0);
  CHECK_THAT(finished.output,
             ContainsSubstring("does not respond (no message from rank 1 for train.comm_timeout = 1 s)"));
}

TEST_CASE("the other ranks report why a rank failed") {
  auto const finished = program(3, "gives_up");
  INFO(finished.output);
  CHECK(finished.code == 0);
  CHECK_THAT(finished.output, ContainsSubstring("rank 1 of this trial failed: its disk is full"));
  auto const memory = program(2, "memory");
  CHECK_THAT(memory.output, ContainsSubstring("(memory)"));
}

TEST_CASE("a batch is divided in rank order and as evenly as possible; a rank may get nothing") {
  for (std::int64_t count : {0, 1, 2, 7, 31, 128})
    for (int size : {1, 2, 3, 4, 8}) {
      std::int64_t next = 0, least = count, most = 0;
      for (int rank = 0; rank < size; ++rank) {
        auto const slice = mambasynth::parallel::slice_of(count, rank, size);
        CHECK(slice.first == next);
        next = slice.last;
        least = std::min(least, slice.last - slice.first);
        most = std::max(most, slice.last - slice.first);
      }
      CHECK(next == count);
      CHECK(most - least <= 1);
    }
}
