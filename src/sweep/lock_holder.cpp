#include <nlohmann/json.hpp>

#include <cstdlib>
#include <exception>
#include <random>
#include <sstream>

#include "environment/environment.hpp"
#include "store/atomic_file.hpp"
#include "store/json_integer.hpp"
#include "store/process_json.hpp"
#include "sweep/lock.hpp"
#include "sweep/squeue.hpp"

namespace mambasynth::sweep {
namespace {

std::string variable(char const* name) { return environment::value(name).value_or(""); }

std::optional<bool> slurm_job_lives(std::string const& job) {
  auto const answer = squeue(job, "--states=all --format=%T");
  if (!answer) return std::nullopt;
  if (!answer->succeeded) {
    // A job whose ID Slurm rejects has ended; any other failure is inconclusive.
    if (answer->text.find("Invalid job id") != std::string::npos) return false;
    return std::nullopt;
  }
  std::istringstream states(answer->text);
  for (std::string state; states >> state;)
    for (char const* alive : {"RUNNING", "PENDING", "SUSPENDED", "COMPLETING", "CONFIGURING", "STOPPED", "RESIZING",
                              "SIGNALING", "STAGE_OUT", "REQUEUED"})
      if (state == alive) return true;
  return false;
}

}  // namespace

LockRules::LockRules() : process_lives(store::is_running), job_lives(slurm_job_lives) {}

std::string Holder::describe() const {
  return "process " + std::to_string(pid) + " on " + host + (slurm_job.empty() ? "" : ", Slurm job " + slurm_job);
}

Holder this_process() {
  Holder self;
  static_cast<store::Process&>(self) = store::this_process();
  self.slurm_job = variable("SLURM_JOB_ID");
  self.slurm_cluster = variable("SLURM_CLUSTER_NAME");
  self.slurm_restarts = std::atoll(variable("SLURM_RESTART_COUNT").c_str());
  std::random_device random;
  std::ostringstream token;
  token << std::hex << random() << random();
  self.token = token.str();
  return self;
}

std::optional<Holder> read_lock(std::filesystem::path const& file) {
  std::string text;
  try {
    if (!std::filesystem::is_regular_file(file)) return std::nullopt;
    text = store::read_text(file);
  } catch (std::exception const&) {
    return std::nullopt;
  }
  auto const object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  try {
    Holder holder;
    static_cast<store::Process&>(holder) = store::process_in(object);
    holder.slurm_job = object.value("slurm_job", "");
    holder.slurm_cluster = object.value("slurm_cluster", "");
    holder.slurm_restarts = store::integer_in(object, "slurm_restarts", std::int64_t{0});
    holder.token = object.value("token", "");
    holder.heartbeat = store::integer_in(object, "heartbeat", std::int64_t{0});
    return holder;
  } catch (nlohmann::json::exception const&) {
    return std::nullopt;
  }
}

bool is_gone(Holder const& holder, Holder const& self, LockRules const& rules) {
  if (store::shares_process_ids(holder, self))
    return !rules.process_lives(holder);  // more reliable than asking Slurm about its job
  if (holder.slurm_job.empty()) return false;
  // Clusters that share a file system may use the same job IDs.
  if (!holder.slurm_cluster.empty() && !self.slurm_cluster.empty() && holder.slurm_cluster != self.slurm_cluster)
    return false;
  if (holder.slurm_job == self.slurm_job) return self.slurm_restarts > holder.slurm_restarts;
  return rules.job_lives(holder.slurm_job) == std::optional<bool>(false);
}

}  // namespace mambasynth::sweep
