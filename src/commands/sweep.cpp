#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "analysis/trial_file/trial_summary.hpp"
#include "backend/backend.hpp"
#include "commands/arguments.hpp"
#include "commands/chosen_data.hpp"
#include "commands/flags.hpp"
#include "commands/memory.hpp"
#include "commands/trial_identity.hpp"
#include "commands/verb.hpp"
#include "cores/cores.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "help/command_line.hpp"
#include "parallel/session.hpp"
#include "provenance/build.hpp"
#include "provenance/run.hpp"
#include "series/load.hpp"
#include "series/write_files.hpp"
#include "store/damaged_file.hpp"
#include "store/hdf5_threads.hpp"
#include "streams/streams.hpp"
#include "sweep/run_sweep.hpp"
#include "sweep/sweep_file.hpp"
#include "train/losses/losses.hpp"
#include "train/objective.hpp"
#include "trial/bayes_error.hpp"
#include "trial/pipeline.hpp"
#include "trial/step_time.hpp"

namespace mambasynth::commands {
namespace {

namespace fs = std::filesystem;

constexpr char const* of_sweep = "[sweep]";  ///< with the keys of that section
constexpr char const* of_plan = "Plan";

struct SweepOptions {
  explicit SweepOptions(CLI::App& app) : keys(app, "train", TrialFlags::Files::none) {}
  TrialFlags keys;
  RunFlags run;
  std::string file;
  std::vector<std::string> axes, baseline;
  bool dry_run = false, take_over = false, measure = true;
  int planned_ranks = 0;
  int trials_per_rank = 0;
  double progress_every = 10;
  double walltime = 0;
  std::string allow_mixed;
  std::optional<std::string> part;
};

/// The folder of the oracle's results: next to the series, shared by trials with the same windows.
fs::path bayes_error_cache(fs::path const& sweep, sweep::PlannedTrial const& planned) {
  return sweep / "data" / planned.data_hash;
}

sweep::TrialOutcome run_trial(sweep::PlannedTrial const& planned, sweep::TrialContext& context,
                              std::string const& device) {
  omp_set_num_threads(context.threads);  // a per-thread setting, and each trial of a rank has its own thread
  auto const data = trial::load_data(planned.trial, context.data, context.threads);
  trial::Job const job{.trial = planned.trial,
                       .id = planned.id,
                       .folder = context.folder,
                       .extra_checkpoint = {},
                       .device = device,
                       .threads = context.threads,
                       .bayes_error_cache = bayes_error_cache(context.folder.parent_path().parent_path(), planned),
                       .group = context.group,
                       .micro_batch = context.micro_batch,
                       .epoch_done =
                           [&](train::EpochRecord const& r) {
                             context.epoch({r.epoch, planned.trial.train.epochs, r.train_mse, r.val_mse});
                             context.log(fmt::format("epoch {} train_mse {:.6g} val_mse {:.6g} seconds {:.2f}", r.epoch,
                                                     r.train_mse, r.val_mse, r.seconds));
                           },
                       .measuring = context.measuring,
                       .stop_requested = context.stop_requested,
                       .log = context.log,
                       .warn = context.warn,
                       .own_folder = true};
  auto const outcome = trial::run(job, data);
  switch (outcome.ending) {
    case train::Ending::finished:
      return {sweep::State::done, ""};
    case train::Ending::diverged:
      return {sweep::State::diverged, outcome.reason};
    case train::Ending::stopped:
      return {sweep::State::preempted, outcome.reason};
  }
  throw std::logic_error("unhandled ending of a training");
}

/// Why a sweep's own series cannot be used; "" if it is what `data` generates. A different series would be trained on
/// under the wrong trial IDs.
std::string why_unusable(fs::path const& file, config::Data const& data, int threads) {
  try {
    auto const source = series::load_for_training(file, threads).source;
    if (!source.generated) return source.reason;
    auto const keys = [](config::Data const& of) { return config::section_to_toml(of.resolved()); };
    if (keys(config::with_keys_of_file(source.data, data)) == keys(data)) return "";
    return "it was generated from different keys";
  } catch (errors::Error const& error) {
    if (error.code() != errors::ExitCode::input) throw;
    return error.why();
  }
}

/// Writes a series once per sweep, as `mambasynth data` does.
fs::path prepare_data(config::Data const& data, fs::path const& folder, int threads) {
  if (!data.path.empty()) return data.path;
  auto const file = folder / "series.h5";
  constexpr char const* again = "and the series is generated again";
  if (auto const warning = store::make_way(file); !warning.empty()) streams::log("{}\n", warning);
  if (fs::exists(file)) {
    auto const why = why_unusable(file, data, threads);
    if (why.empty()) return folder;
    streams::log("{}\n", store::replace_damaged(file, why, again));
  }
  series::write_series(data, folder, {.formats = {.h5 = true, .npz = false}, .threads = threads});
  return folder;
}

/// Computes the oracle's results that this trial needs, unless they exist. Trials with the same series and windows
/// share a file, identified by its name. Uses all cores of this process, since the other ranks wait.
void prepare_bayes_error(sweep::PlannedTrial const& planned, fs::path const& data, fs::path const& cache,
                         std::set<fs::path>& seen) {
  try {
    bool missing = false;
    for (auto const& file : trial::bayes_error_files(planned.trial, planned.trial.data, cache))
      missing = (seen.insert(file).second && !fs::exists(file)) || missing;
    if (!missing) return;
    auto const threads = cores::default_threads();
    trial::bayes_error(planned.trial, trial::load_data(planned.trial, data, threads), cache, threads);
  } catch (std::exception const&) {
    // Unusable data or windows: the trial reports the error.
  }
}

sweep::DataIdentity identify_data(config::Data const& data, int threads) {
  auto const series = series::load_for_training(series::DataFile(data), threads);
  for (auto const& note : series.source.notes) streams::log("{}\n", note);
  if (series.source.generated) return {{}, series.n_steps, series.channels, series.source.data};
  return {{series.source.sha256, series.segments}, series.n_steps, series.channels, std::nullopt};
}

std::optional<sweep::CommittedTrial> committed_trial(fs::path const& file, std::string const& id) {
  try {
    auto const written = analysis::trial_file::read_trial(file).provenance;
    auto const state = sweep::state_named(written.state);
    if (written.trial_id == id && state) return sweep::CommittedTrial(*state, written.git_commit);
  } catch (std::exception const&) {
    // Damaged, or not a trial: counts as missing.
  }
  return std::nullopt;
}

/// Parses "2/8" as (2, 8).
std::pair<std::int64_t, std::int64_t> part_of(std::optional<std::string> const& given) {
  if (!given) return {1, 1};
  auto const& text = *given;
  std::int64_t part = 0, parts = 0;
  auto const* const last = text.data() + text.size();
  auto const [slash, first_error] = std::from_chars(text.data(), last, part);
  bool valid = first_error == std::errc{} && slash != last && *slash == '/';
  if (valid) {
    auto const [end, error] = std::from_chars(slash + 1, last, parts);
    valid = error == std::errc{} && end == last && part >= 1 && part <= parts;
  }
  if (!valid)
    throw errors::usage("--part '" + text + "' is not a part of a sweep", "it must have the form K/N with 1 <= K <= N",
                        "For the second of eight parts, write --part 2/8");
  return {part, parts};
}

/// The number of streams in LibTorch's pool; two trials must not share one.
constexpr int most_slots = 32;

/// The number of trials that this rank runs concurrently, so that `per_gpu` of them share each GPU. The ranks of a node
/// use its GPUs round-robin (backend::choose).
int slots_for(parallel::Communicator const& world, int cards, int per_gpu) {
  if (cards == 0) return 1;
  auto const rank = world.local_rank();
  auto const sharing = (world.local_size() - rank % cards + cards - 1) / cards;
  return std::clamp(per_gpu / sharing + (rank / cards < per_gpu % sharing ? 1 : 0), 1, most_slots - 1);
}

/// Trials of one rank run in threads, all of which write HDF5 files.
void require_threads_for(int slots) {
  if (store::hdf5_takes_threads()) return;
  throw errors::usage(fmt::format("a rank cannot run {} trials at once", slots),
                      "the HDF5 library of this build is not thread-safe",
                      "Start that many ranks per GPU with trials_per_gpu = 1 or --trials-per-rank 1, or build with an "
                      "HDF5 configured with --enable-threadsafe");
}

/// Warns about more trials per GPU than requested, which may run out of memory.
void log_shared_gpus(parallel::Communicator const& world, int cards, std::int64_t per_gpu) {
  if (world.rank() != 0 || cards == 0 || world.local_size() <= cards * per_gpu) return;
  auto const trials = (world.local_size() + cards - 1) / cards;
  streams::log(
      "note: {} ranks share {} of {}, so up to {} trials run on one (sweep.trials_per_gpu is {}). Start fewer ranks, "
      "or set trials_per_gpu = {}.\n",
      world.local_size(), cards == 1 ? "the GPU" : fmt::format("the {} GPUs", cards), provenance::host_name(), trials,
      per_gpu, trials);
}

/// The time of a training step on this machine, for dry runs.
sweep::Stopwatch stopwatch(std::string const& device, int threads, config::Limit const& memory) {
  auto const time_step = [device, memory](config::Trial const& trial, std::int64_t channels,
                                          double seconds) -> std::optional<double> {
    try {
      config::require_within(config::needs_of_training(trial, device == "cpu"), memory);
      return trial::seconds_per_step(trial, channels, device, seconds);
    } catch (errors::Stopped const&) {
      throw;
    } catch (std::exception const&) {
      return std::nullopt;  // too large for this machine, which need not be the one that runs the sweep
    }
  };
  auto const place = device == "cpu" ? fmt::format("cpu, {} thread{}", threads, threads == 1 ? "" : "s")
                                     : backend::gpu_of(device).name;
  return {.time_step = time_step,
          .place = fmt::format("{} ({})", provenance::host_name(), place),
          .whole_batches = device != "cpu"};
}

/// A sweep's results depend only on what its file and flags say, so it never takes a series from the working directory.
void tell_of_unused_data(sweep::SweepFile const& sweep) {
  constexpr std::string_view path = "data.path";
  auto const varies = [&](auto const& keys) {
    return std::ranges::any_of(keys, [&](auto const& key) { return key.key == path; });
  };
  auto const includes = [&](sweep::Settings const& cell) {
    return std::ranges::any_of(cell, [&](auto const& setting) { return setting.first == path; });
  };
  if (!sweep.base.data.path.empty() ||
      std::ranges::any_of(sweep.axes, [&](auto const& axis) { return varies(axis.keys); }) ||
      std::ranges::any_of(sweep.includes, includes))
    return;
  if (auto const note = unused_data_here("a sweep generates the series that its [data] keys describe"); !note.empty())
    streams::log("{}\n", note);
}

int run(SweepOptions const& options) {
  sweep::SweepRequest const request{options.file, options.keys.assignments(), options.axes, options.baseline};
  if (options.keys.print_requested()) {
    streams::print("{}", sweep::to_toml(sweep::resolve(request)));
    return static_cast<int>(errors::ExitCode::done);
  }
  if (request.is_empty())
    throw errors::usage("no sweep given", "it is a file, or axes and seeds on the command line",
                        "Give SWEEP.toml, or for example --axis train.gate_lr_factor=0,1 --seeds 42:44");
  parallel::Session session;
  return session.run([&] {
    auto const part = part_of(options.part);
    auto const sweep = sweep::resolve(request);
    auto const& keys = sweep.keys;
    if (session.world().rank() == 0) tell_of_unused_data(sweep);
    auto const out = options.run.out.empty()
                         ? fs::path("runs") / keys.name / (part.second > 1 ? "part_" + std::to_string(part.first) : "")
                         : fs::path(options.run.out);
    auto run_flags = options.run;
    // On the CPU every rank trains its own trial with one thread, because a trial's bits depend on the number of
    // threads. With a GPU, idle cores speed up the measurements after training; more than a few do not help.
    constexpr int useful = 8;
    auto const cards = backend::cards(backend::choose(run_flags.device));
    auto const per_gpu = keys.trials_per_gpu;
    auto const slots = options.trials_per_rank > 0 ? options.trials_per_rank
                                                   : slots_for(session.world(), cards, static_cast<int>(per_gpu));
    if (slots > 1) require_threads_for(slots);
    if (run_flags.threads == 0)
      run_flags.threads = cards > 0 ? std::clamp(thread_count(run_flags, session.world()) / slots, 1, useful) : 1;
    auto const device = use_device(run_flags);
    auto const threads = run_flags.threads;
    if (options.trials_per_rank == 0) log_shared_gpus(session.world(), cards, per_gpu);
    sweep::SweepOptions const sweep_options{.sweep_file = options.file,
                                            .out = out,
                                            .set = request.set,
                                            .auto_precision = auto_precision(device),
                                            .threads = threads,
                                            .slots = slots,
                                            // On the CPU, both would share the same cores.
                                            .overlap = cards > 0 && store::hdf5_takes_threads(),
                                            .dry_run = options.dry_run,
                                            .take_over = options.take_over,
                                            .progress_every = options.progress_every,
                                            .part = part.first,
                                            .parts = part.second,
                                            .code = provenance::build().commit,
                                            .allow_mixed_code = options.allow_mixed == "code",
                                            .walltime = options.walltime,
                                            .axes = request.axes,
                                            .baseline = request.baseline,
                                            .measure = options.measure,
                                            .planned_ranks = options.planned_ranks};
    std::set<fs::path> seen;
    auto const memory = memory_here();
    sweep::Hooks const hooks{
        .run = [&](auto const& planned, auto& context) { return run_trial(planned, context, device); },
        .prepare = [&](auto const& data, auto const& folder) { return prepare_data(data, folder, threads); },
        .identify = [&](auto const& data) { return identify_data(data, threads); },
        .committed = committed_trial,
        .prepare_trial =
            [&](auto const& planned, auto const& data) {
              prepare_bayes_error(planned, data, bayes_error_cache(out, planned), seen);
            },
        .check =
            [&](auto const& trial, std::int64_t ranks) {
              // A dry run may be on a smaller machine than the sweep.
              if (!options.dry_run) config::require_within(config::needs_of_training(trial, device == "cpu"), memory);
              train::require_trainable(trial.train, ranks);
            },
        .needs_own_process = [](auto const& trial) { return train::losses::needs_own_process(trial.train); },
        .stopwatch = stopwatch(device, threads, memory)};
    return sweep::run_sweep(sweep_options, hooks, session);
  });
}

}  // namespace

Action declare_sweep(CLI::App& app) {
  auto const options = std::make_shared<SweepOptions>(app);
  std::string const rare(help::rare);
  app.add_option("sweep", options->file, "sweep file; not needed with --axis or --seeds")->type_name("SWEEP.toml");
  app.add_option("--axis", options->axes,
                 "vary a key; adds an axis to the file, or replaces its axis of that key. 2:5 = 2,3,4,5")
      ->type_name("KEY=VALUE,...")
      ->allow_extra_args(false)
      ->group(of_sweep);
  app.add_option("--baseline", options->baseline, "cell to which the others are compared")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->group(of_sweep);
  options->keys.section<sweep::SweepKeys>()
      .section<config::Train>()
      .section<config::Model>()
      .section<config::Data>()
      .section<config::Evaluate>();
  add_run_flags(app, options->run, "", "folder of the sweep");
  app.get_option("--out")->default_str("runs/NAME");
  app.add_flag("--dry-run", options->dry_run, "print the trials and their time; run nothing")->group(of_plan);
  app.add_flag("--measure,!--no-measure", options->measure,
               "with --dry-run: time training steps here, unless trials of the folder have finished")
      ->default_str("true")
      ->group(of_plan);
  add_number(app, "--ranks", options->planned_ranks, config::between(1, config::most_width), "plan for this many ranks")
      ->default_str("this launch")
      ->group(of_plan);
  app.add_flag("--take-over", options->take_over, "take over the folder from another launcher that holds it")
      ->group(rare);
  app.add_option_function<std::string>(
         "--part", [options](std::string const& part) { options->part = part; },
         "run only every N-th trial starting with the K-th, in a separate folder (runs/NAME/part_K); collate all N "
         "folders together")
      ->type_name("K/N")
      ->group(rare);
  add_number(app, "--trials-per-rank", options->trials_per_rank, config::between(1, most_slots),
             "trials that each rank runs concurrently, with --threads each")
      ->default_str("so that trials_per_gpu share a GPU; 1 on the CPU")
      ->group(rare);
  app.add_option("--allow-mixed", options->allow_mixed, "continue a folder that another version of the program started")
      ->type_name("code")
      ->check(CLI::IsMember({"code"}))
      ->group(rare);
  add_number(app, "--walltime", options->walltime, config::above(0, config::most_seconds),
             "time until this job ends; running trials save before that")
      ->type_name("SECONDS")
      ->default_str("from Slurm")
      ->group(rare);
  add_number(app, "--progress-every", options->progress_every, config::above(0, config::most_seconds),
             "time between progress lines")
      ->type_name("SECONDS")
      ->default_str(config::to_toml(options->progress_every))
      ->group(rare);
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
