#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "bench/cases.hpp"
#include "bench/report.hpp"
#include "commands/flags.hpp"
#include "commands/verb.hpp"
#include "errors/errors.hpp"
#include "kernels/cpu.hpp"
#include "provenance/build.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::commands {
namespace {

struct Options {
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

int run(Options& options) {
  auto const device = use_device(options.run);
  options.sizes.threads = thread_count(options.run);
  std::vector<bench::Baseline> baselines;
  for (auto const& file : options.against) baselines.push_back(bench::read_baseline(file));
  auto const& build = provenance::build();
  bench::Machine const machine{{"device", device},
                               {"processor", processor()},
                               {"instruction set", kernels::cpu_instruction_set()},
                               {"threads", std::to_string(options.sizes.threads)},
                               {"commit", build.commit + (build.dirty ? " (with uncommitted changes)" : "")},
                               {"build type", build.type},
                               {"compiler", build.compiler},
                               {"LibTorch", build.libtorch}};
  std::vector<bench::Result> results;
  for (auto const& name : options.cases.empty() ? bench::case_names() : options.cases) {
    fmt::print(stderr, "timing {}\n", name);
    for (auto& result : bench::run_case(name, options.sizes, options.effort)) results.push_back(std::move(result));
  }
  if (!options.json.empty()) store::write_atomically(options.json, bench::to_json(machine, results));
  fmt::print("{}", bench::to_text(machine, results, baselines));
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_bench(CLI::App& app) {
  auto const options = std::make_shared<Options>();
  auto const names = bench::case_names();
  app.add_option("cases", options->cases, fmt::format("what to time: {} [default: all]", fmt::join(names, ", ")))
      ->type_name("")
      ->check(CLI::IsMember(names));
  auto const size = [&](char const* flag, std::int64_t& target, char const* help) {
    app.add_option(flag, target, fmt::format("{} [default: {}]", help, target))->type_name("")->check(CLI::PositiveNumber);
  };
  auto& sizes = options->sizes;
  size("--batch-size", sizes.batch, "windows of a batch");
  size("--seq-len", sizes.time, "steps of a window");
  size("--d-model", sizes.model.d_model, "width of the residual stream");
  size("--n-layers", sizes.model.n_layers, "Mamba blocks");
  size("--d-state", sizes.model.d_state, "states of each inner channel");
  size("--max-horizon", sizes.model.max_horizon, "prediction horizons 1, 2, 4, ... up to this one");
  app.add_option("--seconds", options->effort.seconds, "time to spend on each [default: 2]")->type_name("")->check(CLI::PositiveNumber);
  app.add_option("--json", options->json, "write the figures to this file too")->type_name("FILE");
  app.add_option("--against", options->against, "print how many times as fast as these reports")->type_name("FILE");
  app.add_option("--device", options->run.device, "auto, cpu or cuda [default: auto]")
      ->type_name("")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
  app.add_option("--threads", options->run.threads, "CPU threads [default: one a core]")->type_name("")->check(CLI::PositiveNumber);
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
