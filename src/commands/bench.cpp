#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <numeric>
#include <string_view>

#include "backend/backend.hpp"
#include "bench/cases.hpp"
#include "bench/report.hpp"
#include "commands/arguments.hpp"
#include "commands/flags.hpp"
#include "commands/trial_identity.hpp"
#include "commands/verb.hpp"
#include "config/config.hpp"
#include "config/section.hpp"
#include "errors/errors.hpp"
#include "help/command_line.hpp"
#include "kernels/cpu.hpp"
#include "parallel/session.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "provenance/build.hpp"
#include "store/atomic_file.hpp"
#include "streams/streams.hpp"
#include "sweep/sweep_file.hpp"
#include "train/losses/losses.hpp"
#include "train/objective.hpp"

namespace mambasynth::commands {
namespace {

struct BenchOptions {
  std::vector<std::string> cases;
  bench::Sizes sizes;
  bench::Effort effort;
  RunFlags run;
  std::string json;
  std::vector<std::string> against;
};

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

/// On several ranks, all_reduce and data-parallel steps can be timed; all other cases run in one process.
std::vector<std::string> chosen(BenchOptions const& options, int ranks) {
  if (ranks == 1) return options.cases.empty() ? bench::case_names() : options.cases;
  std::vector<std::string> const together{"all_reduce", "step"};
  for (auto const& name : options.cases)
    if (std::find(together.begin(), together.end(), name) == together.end() ||
        (name == "step" && options.sizes.device == "cpu"))
      throw errors::usage("bench " + name + " was started on " + std::to_string(ranks) + " ranks",
                          "it times a single process", "Start it without mpirun, or time all_reduce or, on GPUs, step");
  return options.cases.empty() ? together : options.cases;
}

/// The losses and augmentations timed besides prediction; reports can be compared only if they agree in these.
std::string objective_text(config::Train const& objective) {
  std::string text;
  auto const add = [&](std::string_view key, double value) {
    if (value > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, value);
  };
  for (auto const& loss : train::losses::auxiliary_losses()) add(loss.key(), objective.*loss.weight);
  if (objective.aug_rotate) add("aug_rotate", 1);
  add("aug_scale", objective.aug_scale);
  add("aug_noise", objective.aug_noise);
  return text;
}

int run_on(BenchOptions& options, parallel::Communicator const& world) {
  options.run.threads = thread_count(options.run, world);
  auto const device = use_device(options.run);
  options.sizes.threads = options.run.threads;
  options.sizes.device = device;
  if (options.sizes.precision.empty()) options.sizes.precision = auto_precision(device);
  if (device == "cpu" && options.sizes.precision == "bf16")
    throw errors::usage("--precision bf16 is not available on the CPU", "its kernels compute in fp32", "Omit it");
  train::require_trainable(options.sizes.objective, world.size());
  auto const gpu = backend::gpu_of(device);
  std::vector<bench::Baseline> baselines;
  for (auto const& file : options.against) baselines.push_back(bench::read_baseline(file));
  auto const& build = provenance::build();
  bench::Machine facts{{"device", device},
                       {"processor", processor()},
                       {"instruction set", kernels::cpu_instruction_set()},
                       {"threads", std::to_string(options.sizes.threads)},
                       {"commit", build.commit + (build.dirty ? " (with uncommitted changes)" : "")},
                       {"build type", build.type},
                       {"compiler", build.compiler},
                       {"LibTorch", build.libtorch}};
  bench::Limits limits;
  if (device == "cuda") {
    facts.insert(facts.begin() + 1, {{"card", gpu.name},
                                     {"clocks, most MHz", gpu.clocks},
                                     {"driver", gpu.driver},
                                     {"CUDA", build.cuda},
                                     {"precision", options.sizes.precision}});
    limits = bench::limits_of_gpu();
    facts.push_back({"copy", fmt::format("{:.0f} GB/s", limits.copy / 1e9)});
    facts.push_back({"bf16 products", fmt::format("{:.0f} TFLOP/s", limits.arithmetic / 1e12)});
  }
  if (auto const objective = objective_text(options.sizes.objective); !objective.empty())
    facts.push_back({"objective", objective});
  std::vector<bench::Result> results;
  std::vector<int> ranks(static_cast<std::size_t>(world.size()));
  std::iota(ranks.begin(), ranks.end(), 0);
  parallel::Group group(world, ranks, 0, config::Train{}.comm_timeout);
  if (group.size() > 1) {
    options.effort.group = &group;
    facts.push_back({"ranks", std::to_string(group.size())});
    if (!gpu.nccl.empty()) facts.push_back({"NCCL", gpu.nccl});
  }
  auto const cases = chosen(options, world.size());
  progress::Display const display("bench");
  progress::Count timed(std::ssize(cases), "case");
  for (auto const& name : cases) {
    if (group.is_root()) streams::log("timing {}\n", name);
    for (auto& result : bench::run_case(name, options.sizes, options.effort)) results.push_back(std::move(result));
    timed.add();
  }
  if (!group.is_root()) return static_cast<int>(errors::ExitCode::done);
  if (!options.json.empty()) store::write_atomically(options.json, bench::to_json(facts, results, limits));
  streams::print("{}", bench::to_text(facts, results, baselines, limits));
  return static_cast<int>(errors::ExitCode::done);
}

int run(BenchOptions& options) {
  parallel::Session session;
  return session.run([&] { return run_on(options, session.world()); });
}

}  // namespace

Action declare_bench(CLI::App& app) {
  auto const options = std::make_shared<BenchOptions>();
  auto const names = bench::case_names();
  app.add_option("cases", options->cases, fmt::format("what to time: {}", fmt::join(names, ", ")))
      ->type_name("CASE")
      ->check(CLI::IsMember(names))
      ->default_str("all");
  auto const size = [&](char const* flag, std::int64_t& target, config::Allowed const& allowed, char const* help) {
    add_number(app, flag, target, allowed, help)->default_str(std::to_string(target))->group("Sizes");
  };
  auto& sizes = options->sizes;
  auto const of_model = [](char const* key) { return config::allowed_of<config::Model>(key); };
  auto const of_train = [](char const* key) { return config::allowed_of<config::Train>(key); };
  size("--batch-size", sizes.batch, of_train("batch_size"), "windows per batch");
  size("--seq-len", sizes.time, of_train("seq_len"), "steps per window");
  size("--d-model", sizes.model.d_model, of_model("d_model"), "width of the residual stream");
  size("--n-layers", sizes.model.n_layers, of_model("n_layers"), "Mamba blocks");
  size("--d-state", sizes.model.d_state, of_model("d_state"), "states per inner channel");
  size("--max-horizon", sizes.model.max_horizon, of_model("max_horizon"), "horizons 1, 2, 4, ... up to this one");
  size("--trials", sizes.trials, config::allowed_of<sweep::SweepKeys>("trials_per_gpu"),
       "trainings whose epochs run concurrently in this process, as in a sweep with trials_per_gpu");
  std::string const rare(help::rare);
  auto const part = [&](double& target, std::string_view key, std::string const& help) {
    add_number(app, flag_of(key), target, config::allowed_of<config::Train>(key), "time step and epoch with " + help)
        ->default_str("without")
        ->group(rare);
  };
  for (auto const& loss : train::losses::auxiliary_losses())
    part(sizes.objective.*loss.weight, loss.key(), "the " + loss.make(1, {})->name() + " loss");
  app.add_flag("--aug-rotate", sizes.objective.aug_rotate, "time step and epoch with rotated batches")->group(rare);
  part(sizes.objective.aug_scale, "aug_scale", "scaled windows");
  part(sizes.objective.aug_noise, "aug_noise", "noise on the input");
  sizes.precision.clear();
  app.add_option("--precision", sizes.precision, "of the networks")
      ->type_name("bf16|fp32")
      ->check(CLI::IsMember({"bf16", "fp32"}))
      ->default_str("bf16 on CUDA")
      ->group("Sizes");
  app.add_flag("!--no-graphs", sizes.graphs, "launch a step's kernels individually instead of as a CUDA graph")
      ->group(rare);
  add_number(app, "--seconds", options->effort.seconds, config::above(0, config::most_seconds),
             "time to spend on each case")
      ->type_name("SECONDS")
      ->default_str(config::to_toml(options->effort.seconds))
      ->group(group::output);
  app.add_option("--json", options->json, "also write the results to this file")
      ->type_name("FILE")
      ->group(group::output);
  app.add_option("--against", options->against, "print the speedup relative to these reports")
      ->type_name("FILE")
      ->group(group::output);
  add_device_flag(app, options->run);
  add_threads_flag(app, options->run);
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
