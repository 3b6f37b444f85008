#include "sweep/squeue.hpp"

#include <array>
#include <cstdio>
#include <memory>

namespace mambasynth::sweep {

std::optional<SqueueAnswer> squeue(std::string const& job, std::string const& options) {
  if (job.empty() || job.find_first_not_of("0123456789_") != std::string::npos) return std::nullopt;
  auto const command = "timeout 10 squeue --noheader " + options + " --jobs=" + job + " 2>&1";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe) return std::nullopt;
  SqueueAnswer answer;
  std::array<char, 256> buffer{};
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe.get())) answer.text += buffer.data();
  answer.succeeded = ::pclose(pipe.release()) == 0;
  return answer;
}

}  // namespace mambasynth::sweep
