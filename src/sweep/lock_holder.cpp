#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <sstream>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "sweep/lock.hpp"
#include "sweep/squeue.hpp"

namespace mambasynth::sweep {
namespace {

std::string environment(char const* name) {
  char const* value = std::getenv(name);
  return value ? value : "";
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

/// From /proc/PID/stat: fields 3 and 22. `state` is 0 when there is no such file.
struct ProcessEntry {
  char state = 0;
  std::int64_t start = 0;
};

ProcessEntry entry_of(std::int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string const text{std::istreambuf_iterator<char>(file), {}};
  auto const name_end = text.rfind(')');  // the name before it may hold spaces
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  ProcessEntry entry;
  rest >> entry.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) rest >> skipped;
  rest >> entry.start;
  return entry;
}

bool process_lives(Holder const& holder) {
  if (::kill(static_cast<pid_t>(holder.pid), 0) != 0 && errno == ESRCH) return false;
  auto const entry = entry_of(holder.pid);
  if (entry.state == 'Z' || entry.state == 'X') return false;  // dead, its parent has not looked yet
  return entry.start == 0 || holder.process_start == 0 || entry.start == holder.process_start;
}

std::optional<bool> slurm_job_lives(std::string const& job) {
  auto const answer = squeue(job, "--states=all --format=%T");
  if (!answer) return std::nullopt;
  if (!answer->succeeded) {
    // A job that Slurm has forgotten is long over; any other failure says nothing.
    if (answer->text.find("Invalid job id") != std::string::npos) return false;
    return std::nullopt;
  }
  std::istringstream states(answer->text);
  for (std::string state; states >> state;)
    for (char const* alive : {"RUNNING", "PENDING", "SUSPENDED", "COMPLETING", "CONFIGURING", "STOPPED", "RESIZING", "SIGNALING", "STAGE_OUT", "REQUEUED"})
      if (state == alive) return true;
  return false;
}

}  // namespace

LockRules::LockRules() : process_lives(sweep::process_lives), job_lives(slurm_job_lives) {}

std::string Holder::describe() const {
  return "process " + std::to_string(pid) + " on " + host + (slurm_job.empty() ? "" : ", Slurm job " + slurm_job);
}

Holder this_process() {
  Holder self;
  self.host = host_name();
  self.pid = ::getpid();
  self.process_start = entry_of(self.pid).start;
  self.slurm_job = environment("SLURM_JOB_ID");
  self.slurm_restarts = std::atoll(environment("SLURM_RESTART_COUNT").c_str());
  std::random_device random;
  std::ostringstream token;
  token << std::hex << random() << random();
  self.token = token.str();
  return self;
}

std::optional<Holder> read_lock(std::filesystem::path const& file) {
  std::ifstream stream(file);
  auto const object = nlohmann::json::parse(stream, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  try {
    Holder holder;
    holder.host = object.value("host", "");
    holder.pid = object.value("pid", std::int64_t{0});
    holder.process_start = object.value("process_start", std::int64_t{0});
    holder.slurm_job = object.value("slurm_job", "");
    holder.slurm_restarts = object.value("slurm_restarts", std::int64_t{0});
    holder.token = object.value("token", "");
    holder.heartbeat = object.value("heartbeat", std::int64_t{0});
    return holder;
  } catch (nlohmann::json::exception const&) {
    return std::nullopt;
  }
}

bool is_gone(Holder const& holder, Holder const& self, LockRules const& rules) {
  if (holder.host == self.host) return !rules.process_lives(holder);  // surer than what Slurm says of its job
  if (holder.slurm_job.empty()) return false;
  if (holder.slurm_job == self.slurm_job) return self.slurm_restarts > holder.slurm_restarts;
  return rules.job_lives(holder.slurm_job) == std::optional<bool>(false);
}

}  // namespace mambasynth::sweep
