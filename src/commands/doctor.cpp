#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>

#include "commands/arguments.hpp"
#include "commands/flags.hpp"
#include "commands/verb.hpp"
#include "config/section.hpp"
#include "doctor/checks.hpp"
#include "doctor/gather.hpp"
#include "doctor/inspect.hpp"
#include "doctor/job_request.hpp"
#include "doctor/report.hpp"
#include "environment/launcher.hpp"
#include "environment/stale_launch.hpp"
#include "errors/errors.hpp"
#include "parallel/session.hpp"
#include "provenance/run.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

struct DoctorOptions {
  std::string out = "runs";
  bool json = false, job = false;
  std::string partition;
  double timeout = 30;
};

/// Ends the process if MPI does not start in time: ranks that cannot reach each other block forever in MPI_Init.
class StartWatchdog {
 public:
  StartWatchdog(double seconds, bool reports) {
    thread_ = std::jthread([this, seconds, reports](std::stop_token stop) {
      std::unique_lock guard(mutex_);
      wake_.wait_for(guard, stop, std::chrono::duration<double>(seconds), [] { return false; });
      if (stop.stop_requested()) return;
      if (reports)
        streams::log(
            "MPI did not start within {:.0f} s on {} (the ranks cannot reach each other, or some never started). "
            "Try fewer nodes to find the one that hangs; select the network with OMPI_MCA_btl_tcp_if_include; "
            "raise --timeout to wait longer.\n",
            seconds, provenance::host_name());
      std::_Exit(static_cast<int>(errors::ExitCode::defect));
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

int report(doctor::Facts const& facts, bool json) {
  auto const findings = doctor::check_all(facts);
  streams::print("{}", json ? doctor::to_json_text(facts, findings) : doctor::to_text(facts, findings));
  (void)streams::flush();
  if (!facts.unresponsive.empty())
    throw errors::machine(
        fmt::format("{} rank{} did not respond", facts.unresponsive.size(), facts.unresponsive.size() == 1 ? "" : "s"),
        "the report names them", "Check their nodes; the job is aborted, because MPI would wait for them forever");
  return static_cast<int>(doctor::worst(findings) == doctor::Level::error ? errors::ExitCode::defect
                                                                          : errors::ExitCode::done);
}

int run(DoctorOptions const& options) {
  if (options.job) {
    streams::print("{}", doctor::job_lines(doctor::ask_slurm(), options.partition));
    return static_cast<int>(errors::ExitCode::done);
  }
  auto const environment = doctor::launch_environment();
  auto const launched = environment::launched_rank();
  if (environment::has_launcher() && doctor::tasks_cannot_meet(environment)) {
    if (launched > 0) return static_cast<int>(errors::ExitCode::defect);  // the first task reports it
    throw errors::machine(
        "srun started " + doctor::value_of(environment, "SLURM_STEP_NUM_TASKS") + " tasks that cannot find each other",
        "they have neither PMIx nor PMI, so MPI does not start, or makes each task a separate job",
        "Use srun --mpi=pmix (srun --mpi=list shows what is available), or mpirun inside the job");
  }
  // Before the watchdog starts a thread; the session would do it too late.
  environment::clear_stale_launch();
  environment::fix_temporary_folder();
  doctor::CleanupOnSignal cleanup;
  auto watchdog = std::make_unique<StartWatchdog>(2 * options.timeout, launched == 0);
  parallel::Session session;
  watchdog.reset();
  return session.run([&] {
    auto const& world = session.world();
    auto const facts = doctor::gather_facts(world, {.out = options.out,
                                                    .timeout = options.timeout,
                                                    .environment = environment,
                                                    .mpi = {parallel::library_version(), parallel::thread_level()},
                                                    .cleanup = &cleanup,
                                                    .inspect = doctor::inspect_host});
    if (world.rank() != 0) return static_cast<int>(errors::ExitCode::done);
    // Ranks that never connected all have the same findings; only the first reports them.
    if (world.size() == 1 && launched > 0)
      return static_cast<int>(doctor::worst(doctor::check_all(facts)) == doctor::Level::error ? errors::ExitCode::defect
                                                                                              : errors::ExitCode::done);
    return report(facts, options.json);
  });
}

}  // namespace

Action declare_doctor(CLI::App& app) {
  auto const options = std::make_shared<DoctorOptions>();
  app.add_option("--out", options->out, "folder for results, to be tested; it need not exist yet")
      ->type_name("DIR")
      ->default_str(options->out)
      ->group(group::output);
  app.add_flag("--json", options->json, "print JSON")->group(group::output);
  auto* const job =
      app.add_flag("--job", options->job, "print the #SBATCH lines that fit this cluster")->group("Slurm");
  app.add_option("--partition", options->partition, "the partition to describe")
      ->type_name("NAME")
      ->default_str("one with GPUs")
      ->needs(job)
      ->group("Slurm");
  add_number(app, "--timeout", options->timeout, config::above(0, config::most_seconds),
             "time that a rank may take to respond")
      ->type_name("SECONDS")
      ->default_str(config::to_toml(options->timeout))
      ->group("Checks");
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
