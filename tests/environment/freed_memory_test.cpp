#include "environment/freed_memory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/resource.h>

#include <cstdlib>
#include <memory>

using namespace mambasynth;

namespace {

constexpr std::size_t array_bytes = 128 << 20, page_bytes = 4096;

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

/// How many pages had to be mapped for an array that is written once and freed.
[[maybe_unused]] long faults_of_an_array() {
  auto const before = page_faults();
  auto const array = std::make_unique_for_overwrite<char[]>(array_bytes);
  for (std::size_t i = 0; i < array_bytes; i += page_bytes) const_cast<char volatile&>(array[i]) = 1;
  return page_faults() - before;
}

}  // namespace

TEST_CASE("an array takes the pages of one that was freed before, unless address space is limited") {
#if !defined(__GLIBC__) || defined(MAMBASYNTH_SANITIZED)
  SKIP("another allocator than glibc's");
#else
  for (auto const* variable : {"GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"})
    if (std::getenv(variable) != nullptr) SKIP(variable << " is set");
  rlimit unlimited{};
  getrlimit(RLIMIT_DATA, &unlimited);
  if (unlimited.rlim_cur != RLIM_INFINITY) SKIP("ulimit -d is set");
  auto const first = faults_of_an_array();  // far fewer than it has pages, if the kernel maps huge ones
  REQUIRE(first > 1);
  rlimit limit = unlimited;
  limit.rlim_cur = rlim_t{1} << 40;
  REQUIRE(setrlimit(RLIMIT_DATA, &limit) == 0);
  environment::keep_freed_memory();
  CHECK(faults_of_an_array() > first / 2);
  CHECK(faults_of_an_array() > first / 2);
  REQUIRE(setrlimit(RLIMIT_DATA, &unlimited) == 0);
  environment::keep_freed_memory();
  CHECK(faults_of_an_array() > first / 2);
  CHECK(faults_of_an_array() < first / 2);
#endif
}
