#include "parallel/binding.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>

#include "environment/launcher.hpp"

namespace mambasynth::parallel {
namespace {

/// Whether Open MPI 4 bound this rank by default. Flags that request a binding, a mapping or specific cores set one of
/// the variables below.
bool bound_by_default() {
  auto const is = [](char const* name, std::initializer_list<std::string> values) {
    auto const* value = std::getenv(name);
    return value != nullptr && std::find(values.begin(), values.end(), value) != values.end();
  };
  constexpr std::array asked{
      "OMPI_MCA_hwloc_base_binding_policy", "OMPI_MCA_hwloc_base_bind_to_core", "OMPI_MCA_hwloc_base_bind_to_socket",
      "OMPI_MCA_hwloc_base_cpu_set",        "OMPI_MCA_hwloc_base_cpu_list",     "OMPI_MCA_rmaps_base_mapping_policy",
      "OMPI_MCA_rmaps_base_cpus_per_rank",  "OMPI_MCA_rmaps_ppr_n_persocket",   "OMPI_MCA_orte_rankfile"};
  return is("OMPI_MCA_orte_bound_at_launch", {"1"}) && is("OMPI_COMM_WORLD_SIZE", {"1", "2"}) &&
         std::none_of(asked.begin(), asked.end(), [](char const* name) { return std::getenv(name) != nullptr; });
}

}  // namespace

void undo_default_binding() {
  if (!bound_by_default()) return;
  constexpr std::array<std::string_view, 4> launchers{"orted", "mpirun", "mpiexec", "orterun"};
  auto const pid = environment::process_above(launchers);
  cpu_set_t cores;
  if (pid != 0 && sched_getaffinity(pid, sizeof cores, &cores) == 0) sched_setaffinity(0, sizeof cores, &cores);
}

}  // namespace mambasynth::parallel
