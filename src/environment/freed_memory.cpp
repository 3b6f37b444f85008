#include "environment/freed_memory.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#endif

namespace mambasynth::environment {

#ifdef __GLIBC__
namespace {

bool limited(decltype(RLIMIT_AS) resource) {
  rlimit limit{};
  return getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

bool overcommit_is_strict() {
  constexpr char strict = '2';
  std::ifstream setting("/proc/sys/vm/overcommit_memory");
  return setting.get() == strict;
}

bool is_set(char const* variable) { return std::getenv(variable) != nullptr; }

}  // namespace

void keep_freed_memory() {
  if (is_set("GLIBC_TUNABLES") || is_set("MALLOC_MMAP_THRESHOLD_") || is_set("MALLOC_TRIM_THRESHOLD_")) return;
  if (limited(RLIMIT_AS) || limited(RLIMIT_DATA) || overcommit_is_strict()) return;
  constexpr int gibibyte = 1 << 30, never = -1;
  mallopt(M_MMAP_THRESHOLD, gibibyte);
  mallopt(M_TRIM_THRESHOLD, never);
}
#else
void keep_freed_memory() {}
#endif

}  // namespace mambasynth::environment
