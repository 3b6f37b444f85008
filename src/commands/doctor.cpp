#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>

#include "commands/arguments.hpp"
#include "commands/verb.hpp"
#include "config/field.hpp"
#include "doctor/checks.hpp"
#include "doctor/gather.hpp"
#include "doctor/look.hpp"
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
  bool json = false;
  double timeout = 30;
};

/// Ends the process when MPI does not start in time: ranks that cannot reach each other wait in there for ever.
class StartWatch {
 public:
  StartWatch(double seconds, bool speaks) {
    thread_ = std::jthread([this, seconds, speaks](std::stop_token stop) {
      std::unique_lock guard(mutex_);
      wake_.wait_for(guard, stop, std::chrono::duration<double>(seconds), [] { return false; });
      if (stop.stop_requested()) return;
      if (speaks)
        streams::log(
            "MPI did not start within {:.0f} s on {} (the ranks cannot reach each other, or some never started). "
            "Try fewer nodes to find the one that is stuck; name the network with OMPI_MCA_btl_tcp_if_include; "
            "--timeout waits longer.\n",
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
  if (!facts.silent.empty())
    throw errors::machine(
        fmt::format("{} rank{} did not answer", facts.silent.size(), facts.silent.size() == 1 ? "" : "s"),
        "the report names them", "Look at their nodes; the job ends here, since nobody can wait for them");
  return static_cast<int>(doctor::worst(findings) == doctor::Level::error ? errors::ExitCode::defect
                                                                          : errors::ExitCode::done);
}

int run(DoctorOptions const& options) {
  auto const environment = doctor::launch_environment();
  auto const launched = environment::launched_rank();
  if (environment::has_launcher() && doctor::tasks_cannot_meet(environment)) {
    if (launched > 0) return static_cast<int>(errors::ExitCode::defect);  // the first task says it
    throw errors::machine(
        "srun started " + doctor::value_of(environment, "SLURM_STEP_NUM_TASKS") + " tasks that cannot find each other",
        "it gave them neither PMIx nor PMI, so MPI will not start or make each task a job of its own",
        "Use srun --mpi=pmix (srun --mpi=list shows what there is), or mpirun inside the job");
  }
  // Before the watch starts a thread: the session would do it too late.
  environment::clear_stale_launch();
  environment::fix_temporary_folder();
  doctor::Cleaner cleaner;
  auto watch = std::make_unique<StartWatch>(2 * options.timeout, launched == 0);
  parallel::Session session;
  watch.reset();
  return session.run([&] {
    auto const& world = session.world();
    auto const facts = doctor::examine(world, {.out = options.out,
                                               .timeout = options.timeout,
                                               .environment = environment,
                                               .mpi = {parallel::library_version(), parallel::thread_level()},
                                               .cleaner = &cleaner,
                                               .look = doctor::look});
    if (world.rank() != 0) return static_cast<int>(errors::ExitCode::done);
    // Ranks that never found each other all find the same; the first one says it.
    if (world.size() == 1 && launched > 0)
      return static_cast<int>(doctor::worst(doctor::check_all(facts)) == doctor::Level::error ? errors::ExitCode::defect
                                                                                              : errors::ExitCode::done);
    return report(facts, options.json);
  });
}

}  // namespace

Action declare_doctor(CLI::App& app) {
  auto const options = std::make_shared<DoctorOptions>();
  app.add_option("--out", options->out, "the folder where results will go; it need not be there yet [default: runs]")
      ->type_name("DIR");
  app.add_flag("--json", options->json, "print JSON");
  add_number(app, "--timeout", options->timeout, config::above(0, config::most_seconds),
             "seconds that a rank may take to answer [default: 30]");
  app.footer(
      "Alone, or as a job will be started:\n  srun --mpi=pmix mambasynth doctor --out runs/gate_lr\n  mpirun -n 4 "
      "mambasynth doctor\n"
      "Exit code 1: something has to be corrected first.");
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
