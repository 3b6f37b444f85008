#include "store/memory.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace mambasynth::store {

std::uint64_t most_memory() {
  auto most =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    most = std::min(most, static_cast<std::uint64_t>(limit.rlim_cur));
  return most;
}

errors::Error too_large(std::string const& what, std::uint64_t bytes) {
  char gibibytes[32];
  std::snprintf(gibibytes, sizeof gibibytes, "%.1f", static_cast<double>(bytes) / (std::uint64_t{1} << 30));
  return errors::machine(
      "cannot read " + what,
      std::string("its values take ") + gibibytes + " GiB, which exceeds the memory of this machine or process",
      "Give fewer rows, or use a machine with more memory");
}

}  // namespace mambasynth::store
