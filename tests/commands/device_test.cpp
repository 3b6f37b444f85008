#include <ATen/Parallel.h>
#include <catch2/catch_test_macros.hpp>
#include <omp.h>

#include "commands/flags.hpp"
#include "cores/cores.hpp"
#include "kernels/cpu.hpp"

using namespace mambasynth;

TEST_CASE("--threads holds for LibTorch, for OpenMP and for our kernels; without it, the cores decide") {
  auto const all_use = [](int threads) {
    return at::get_num_threads() == threads && omp_get_max_threads() == threads && kernels::threads() == threads;
  };
  for (int const threads : {3, 1, 2}) {
    CHECK(commands::use_device({.device = "cpu", .threads = threads}) == "cpu");
    CHECK(all_use(threads));
  }
  CHECK(commands::use_device({.device = "cpu"}) == "cpu");
  CHECK(all_use(cores::default_threads()));
}
