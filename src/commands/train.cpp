#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <utility>

#include "commands/chosen_data.hpp"
#include "commands/flags.hpp"
#include "commands/memory.hpp"
#include "commands/output_files.hpp"
#include "commands/stages.hpp"
#include "commands/trained_network.hpp"
#include "commands/trial_folder.hpp"
#include "commands/trial_identity.hpp"
#include "commands/validation.hpp"
#include "commands/verb.hpp"
#include "config/micro_batch.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "help/command_line.hpp"
#include "parallel/session.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "store/atomic_file.hpp"
#include "streams/streams.hpp"
#include "train/checkpoint.hpp"
#include "train/log.hpp"
#include "train/objective.hpp"
#include "trial/figures.hpp"
#include "trial/pipeline.hpp"

namespace mambasynth::commands {
namespace {

namespace fs = std::filesystem;

struct TrainOptions {
  explicit TrainOptions(CLI::App& app) : keys(app, "train") {}
  TrialFlags keys;
  RunFlags run;
  std::string checkpoint, evaluate;
  bool figures = true, no_amp = false, no_compile = false;
};

void print_epoch(train::EpochRecord const& record, std::int64_t epochs) {
  constexpr std::int64_t shown_first = 5, shown_every = 10;
  if (record.epoch > shown_first && record.epoch % shown_every != 0 && record.epoch != epochs && !record.best) return;
  streams::log("{}\n", train::console_row(record));
}

/// All ranks as one group. `number`: unique in this run; waits at most `timeout` seconds for any rank.
std::shared_ptr<parallel::Group> group_of(parallel::Communicator const& world, std::int64_t number, double timeout) {
  std::vector<int> ranks(static_cast<std::size_t>(world.size()));
  std::iota(ranks.begin(), ranks.end(), 0);
  return std::make_shared<parallel::Group>(world, ranks, number, timeout);
}

/// Applies config::MicroBatchPolicy on all ranks alike if any of them runs out of memory.
trial::Outcome run_within_memory(trial::Job job, trial::TrialData const& data, parallel::Communicator const& world) {
  auto const ranks = job.group->size();
  config::MicroBatchPolicy const micro_batch(job.trial.train, ranks);
  // A rank that has nothing to save waits for the one that does.
  std::optional<errors::GracefulStop> graceful_stop;
  if (ranks > 1) graceful_stop.emplace();
  for (int attempt = 0;; ++attempt) {
    std::optional<trial::Outcome> outcome;
    // A rank that has finished training waits here for the root, which still measures the result; any other error on
    // any rank ends the wait.
    auto const agreement = group_of(world, 2 * attempt + 1, std::numeric_limits<double>::infinity());
    auto const again = parallel::run_or_notify(*agreement, [&] {
      try {
        outcome = parallel::run_or_notify(*job.group, [&] { return trial::run(job, data); });
      } catch (std::bad_alloc const&) {
      }
      std::array<double, 1> ran_out{outcome ? 0.0 : 1.0};
      agreement->all_reduce(ran_out);
      return ran_out[0] > 0;
    });
    if (!again) return *outcome;
    if (attempt == micro_batch.most_halvings()) throw micro_batch.out_of_memory();
    job.micro_batch = micro_batch.windows(attempt + 1);
    job.group = group_of(world, 2 * attempt + 2, job.trial.train.comm_timeout);
    job.log("note: " + micro_batch.retry_note(attempt) + ".");
  }
}

/// The root's answer, on every rank.
bool decided_by_root(parallel::Group& group, std::function<bool()> const& ask) {
  std::array<std::byte, 1> answer{};
  if (group.is_root()) answer[0] = static_cast<std::byte>(ask());
  group.broadcast(answer);
  return answer[0] != std::byte{0};
}

int train(TrainOptions const& options, config::Trial const& trial, std::string const& device,
          parallel::Communicator const& world, std::shared_ptr<parallel::Group> const& group) {
  fs::path folder = options.run.out;
  bool const is_root = group->is_root();
  if (is_root) {
    if (options.run.out_given) require_replaceable_trial(folder);
    store::require_writable_folder(folder);
  }
  std::vector<std::string> stages{series_stage};
  for (auto& name : trial::stages(trial)) stages.push_back(std::move(name));
  if (options.figures) stages.emplace_back(figures_stage);
  progress::Display const display("train", stages);
  auto const data = [&] {
    progress::Stage const stage(series_stage);
    return trial::load_data(trial, {}, thread_count(options.run));
  }();
  if (is_root)
    for (auto const& line : data.notes) streams::log("{}\n", line);
  auto const id = identify(trial, data);
  if (!options.run.out_given)
    if (auto const own = fs::path(options.run.out + "-" + id);
        decided_by_root(*group, [&] { return needs_own_folder(folder, own, id); })) {
      folder = own;
      if (is_root) store::require_writable_folder(folder);
    }
  if (decided_by_root(*group, [&] { return already_done(folder / trial::result_name, id); })) {
    if (!is_root) return static_cast<int>(errors::ExitCode::done);
    if (!options.checkpoint.empty())
      store::write_atomically(options.checkpoint, store::read_text(folder / train::checkpoint_name));
    streams::print("trial {} is complete: {}\n", id, (folder / trial::result_name).string());
    return static_cast<int>(errors::ExitCode::done);
  }
  if (is_root)
    streams::log("trial {}: {} training, {} validation, {} test windows of {} steps, {} channels{}\n", id,
                 data.splits.train.count(), data.splits.val.count(), data.splits.test.count(), trial.train.seq_len,
                 data.splits.train.series.size(1), group->size() == 1 ? "" : fmt::format(", {} ranks", group->size()));
  bool header_printed = false;
  trial::Job const job{.trial = trial,
                       .id = id,
                       .folder = folder,
                       .extra_checkpoint = options.checkpoint,
                       .device = device,
                       .threads = thread_count(options.run),
                       .group = group,
                       .epoch_done =
                           [&](auto const& record) {
                             if (!is_root) return;
                             if (!std::exchange(header_printed, true))
                               streams::log("{}\n", train::console_header(trial.train));
                             print_epoch(record, trial.train.epochs);
                           },
                       .stop_requested = [] { return errors::stop_signal() != 0; },
                       .log =
                           [is_root](std::string const& line) {
                             if (is_root) streams::log("{}\n", line);
                           }};
  auto const outcome = run_within_memory(job, data, world);
  switch (outcome.ending) {
    case train::Ending::finished:
      if (is_root && options.figures) {
        progress::Stage const stage(figures_stage);
        if (auto const note = trial::draw_trial(trial, data, device, folder); !note.empty()) streams::log("{}\n", note);
      }
      if (is_root)
        streams::print("{}\n{}\n", (folder / trial::result_name).string(), (folder / train::checkpoint_name).string());
      return static_cast<int>(errors::ExitCode::done);
    case train::Ending::diverged:
      throw_diverged(folder / trial::result_name, outcome.reason);
    case train::Ending::stopped:
      throw errors::Error(errors::ExitCode::stopped, "the training was stopped", outcome.reason,
                          "The same command continues from " + (folder / train::resume_name).string());
  }
  throw std::logic_error("unhandled ending of a training");
}

/// Chooses the device, resolves what depends on it, and checks the trial. Returns the device.
std::string prepare(TrainOptions const& options, config::Trial& trial, int ranks) {
  auto device = use_device(options.run);
  resolve_precision(trial, device);
  config::check(trial);
  config::require_within(config::needs_of_training(trial, device == "cpu"), memory_here());
  train::require_trainable(trial.train, ranks);
  return device;
}

int evaluate(TrainOptions const& options) {
  if (options.keys.print_requested()) {
    streams::print("{}", config::to_toml(as_trained(options.keys, options.evaluate)));
    return static_cast<int>(errors::ExitCode::done);
  }
  auto trained = read_trained(options.keys, options.evaluate);
  auto const device = prepare(options, trained.trial, 1);
  print_validation(trained, options.run, device, options.figures);
  return static_cast<int>(errors::ExitCode::done);
}

int run(TrainOptions& options) {
  if (options.no_amp) options.keys.set_from_flag("train.precision", "fp32", "--no-amp");
  if (!options.evaluate.empty()) return evaluate(options);
  auto trial = options.keys.resolve();
  if (options.keys.print_requested()) {
    streams::print("{}", config::to_toml(trial));
    return static_cast<int>(errors::ExitCode::done);
  }
  if (options.no_compile) streams::log("note: --no-compile has no effect (nothing is compiled at run time).\n");
  auto const note = use_data_here(trial.data, options.keys.given());
  parallel::Session session;
  // A rank that fails notifies the others, which may be in the middle of a step.
  constexpr double grace = 30;
  return session.run(
      [&] {
        auto const& world = session.world();
        // Ranks on one node share its cores; more threads than cores would wait for each other.
        options.run.threads = thread_count(options.run, world);
        if (world.rank() == 0 && !note.empty()) streams::log("{}\n", note);
        auto const device = prepare(options, trial, world.size());
        auto const group = group_of(world, 0, trial.train.comm_timeout);
        return parallel::run_or_notify(*group, [&] { return train(options, trial, device, world, group); });
      },
      grace);
}

}  // namespace

Action declare_train(CLI::App& app) {
  auto const options = std::make_shared<TrainOptions>(app);
  options->keys.section<config::Train>().section<config::Model>().section<config::Data>().section<config::Evaluate>();
  add_run_flags(app, options->run, "run", "folder of the trial's files");
  app.add_option("--checkpoint", options->checkpoint, "also write the best model to this file")
      ->type_name("FILE")
      ->group(std::string(help::rare));
  add_figures_flag(app, options->figures);
  std::string const rare(help::rare);
  app.add_option("--eval", options->evaluate,
                 "print the validation MSE of these weights, draw their predictions and exit")
      ->type_name("FILE")
      ->group(rare);
  app.add_flag("--no-amp", options->no_amp, "the same as --precision fp32")->group(rare);
  app.add_flag("--no-compile", options->no_compile, "accepted for compatibility with the original; no effect")
      ->group(rare);
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
