#include "sweep/walltime.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sweep/squeue.hpp"

namespace mambasynth::sweep {
namespace {

/// "1-02:03:04", "02:03:04", "03:04"; nothing for UNLIMITED, INVALID and the like.
std::optional<double> seconds_of(std::string text) {
  double days = 0;
  if (auto const dash = text.find('-'); dash != std::string::npos) {
    days = std::atof(text.substr(0, dash).c_str());
    text = text.substr(dash + 1);
  }
  int a = 0, b = 0, c = 0;
  auto const parts = std::sscanf(text.c_str(), "%d:%d:%d", &a, &b, &c);
  if (parts == 3) return days * 86400 + a * 3600 + b * 60 + c;
  if (parts == 2) return days * 86400 + a * 60 + b;
  return std::nullopt;
}

std::optional<double> slurm_seconds_left() {
  // Since the epoch, by the clock of Slurm's controller; the difference to ours is what NTP leaves.
  if (char const* const end = std::getenv("SLURM_JOB_END_TIME"); end && *end) {
    auto const now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    return std::atof(end) - now;
  }
  char const* const job = std::getenv("SLURM_JOB_ID");
  auto const answer = squeue(job ? job : "", "--format=%L");
  return answer && answer->succeeded ? seconds_of(answer->text) : std::nullopt;
}

}  // namespace

std::function<std::optional<double>()> time_until_end(double given) {
  using Clock = std::chrono::steady_clock;
  auto const left = given > 0 ? std::optional(given) : slurm_seconds_left();
  if (!left) return [] { return std::optional<double>(); };
  return [end = Clock::now() + std::chrono::duration<double>(*left)] {
    return std::optional(std::chrono::duration<double>(end - Clock::now()).count());
  };
}

}  // namespace mambasynth::sweep
