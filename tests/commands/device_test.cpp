#include <ATen/Parallel.h>
#include <catch2/catch_test_macros.hpp>
#include <omp.h>

#include "commands/flags.hpp"
#include "cores/cores.hpp"
#include "kernels/cpu.hpp"

using namespace mambasynth;

namespace {

/// `threads` 0: not given.
commands::RunFlags on_cpu(int threads = 0) {
  commands::RunFlags flags;
  flags.device = "cpu";
  flags.threads = threads;
  return flags;
}

}  // namespace

TEST_CASE("--threads applies to LibTorch, OpenMP and our kernels; its default depends on the available cores") {
  auto const all_use = [](int threads) {
    return at::get_num_threads() == threads && omp_get_max_threads() == threads && kernels::threads() == threads;
  };
  for (int const threads : {3, 1, 2}) {
    CHECK(commands::use_device(on_cpu(threads)) == "cpu");
    CHECK(all_use(threads));
  }
  CHECK(commands::use_device(on_cpu()) == "cpu");
  CHECK(all_use(cores::default_threads()));
}
