#include "sweep/squeue.hpp"

namespace mambasynth::sweep {

std::optional<environment::CommandOutput> squeue(std::string const& job, std::string const& options) {
  if (job.empty() || job.find_first_not_of("0123456789_") != std::string::npos) return std::nullopt;
  return environment::output_of("timeout 10 squeue --noheader " + options + " --jobs=" + job + " 2>&1");
}

}  // namespace mambasynth::sweep
