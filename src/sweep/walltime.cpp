#include "sweep/walltime.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "environment/environment.hpp"
#include "sweep/ledger.hpp"
#include "sweep/squeue.hpp"

namespace mambasynth::sweep {
namespace {

/// Longer than any job, and still representable by the clock.
constexpr double longest_seconds = 1e9;

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

/// From SLURM_JOB_END_TIME: seconds since the epoch by the clock of Slurm's controller, which NTP keeps close to ours.
/// Nothing if it is not set or not plausible.
std::optional<double> seconds_to_end_time() {
  constexpr char const* name = "SLURM_JOB_END_TIME";
  constexpr std::int64_t year_10000 = 253402300800;
  auto const end = environment::number(name, 0, year_10000);
  if (!end) return std::nullopt;
  auto const left = static_cast<double>(*end) - now();
  if (left > 0) return left;
  environment::warn_ignored(name, "it is in the past",
                            "It may be from a job that has ended; set --walltime for this one");
  return std::nullopt;
}

/// Seconds left of the job SLURM_JOB_ID, if it is running: a shell may keep the variables of a job that has ended.
std::optional<double> slurm_seconds_left() {
  auto const end = seconds_to_end_time();
  auto const job = environment::value("SLURM_JOB_ID");
  if (!job) {
    if (end)
      environment::warn_ignored("SLURM_JOB_END_TIME", "without SLURM_JOB_ID this is not a Slurm job",
                                "Unset it; set --walltime if this job has a time limit");
    return std::nullopt;
  }
  auto const answer = squeue(*job, "--format=%L");
  if (!answer) {
    if (job->find_first_not_of("0123456789_") != std::string::npos)
      environment::warn_ignored("SLURM_JOB_ID", "it is not a job ID",
                                "Unset it; set --walltime if this job has a time limit");
    return end;
  }
  bool const over = answer->succeeded ? answer->text.find_first_not_of(" \n") == std::string::npos
                                      : answer->text.find("Invalid job id") != std::string::npos;
  if (over) {
    environment::warn_ignored("SLURM_JOB_ID", "Slurm has no such job",
                              "Unset it; set --walltime if this job has a time limit");
    return std::nullopt;
  }
  if (end || !answer->succeeded) return end;
  return seconds_of(answer->text);
}

}  // namespace

std::function<std::optional<double>()> time_until_end(double given) {
  using Clock = std::chrono::steady_clock;
  auto const left = given > 0 ? std::optional(given) : slurm_seconds_left();
  if (!left || *left > longest_seconds) return [] { return std::optional<double>(); };
  return [end = Clock::now() + std::chrono::duration<double>(*left)] {
    return std::optional(std::chrono::duration<double>(end - Clock::now()).count());
  };
}

}  // namespace mambasynth::sweep
