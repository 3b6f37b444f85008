#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>

#include "support/mpirun.hpp"

using namespace mambasynth::tests;

namespace {

Finished program(int ranks, std::string const& mode) {
  return run_command(under_mpi(MAMBASYNTH_MPIEXEC, ranks, std::string(MAMBASYNTH_PROGRAM) + " " + mode));
}

std::size_t times(std::string const& needle, std::string const& text) {
  std::size_t count = 0;
  for (auto at = text.find(needle); at != std::string::npos; at = text.find(needle, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a message passed around all ranks keeps its bytes, including zeros") {
  auto const ranks = GENERATE(0, 1, 2, 4);
  auto const finished = program(ranks, "ring");
  INFO(finished.output);
  REQUIRE(finished.code == 0);
  auto const size = ranks == 0 ? 1 : ranks;
  CHECK(finished.output == "ring of " + std::to_string(1 + size) + " bytes from " + std::to_string(size - 1) +
                               ", local 0 of " + std::to_string(size) + "\n");
}

TEST_CASE("all ranks return the same exit code") {
  auto const finished = program(3, "codes");
  INFO(finished.output);
  CHECK(finished.code == 4);
}

TEST_CASE("an error that all ranks encounter is reported once, and no rank is aborted") {
  auto const finished = program(3, "all");
  INFO(finished.output);
  CHECK(finished.code == 2);
  CHECK(times("a misspelled flag (every rank reads it). Correct it.", finished.output) == 1);
  CHECK(times("MPI_ABORT", finished.output) == 0);
}

TEST_CASE("an error on one rank ends the others, which would otherwise wait forever") {
  auto const begin = std::chrono::steady_clock::now();
  auto const finished = program(3, "one");
  INFO(finished.output);
  CHECK(finished.code != 0);
  CHECK(times("rank one is broken", finished.output) == 1);
  CHECK(times("[rank 1 on ", finished.output) == 1);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
}
