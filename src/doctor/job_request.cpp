#include "doctor/job_request.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>
#include <tuple>

#include "doctor/needs.hpp"
#include "errors/errors.hpp"

namespace mambasynth::doctor {
namespace {

std::vector<std::string> split(std::string const& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

/// The integer that `text` begins with: sinfo writes "64+" for nodes that differ.
std::optional<std::int64_t> leading_integer(std::string_view text) {
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

/// Slurm's time limit, such as 1-00:00:00, 04:00:00, 30:00 (minutes and seconds), in seconds.
std::optional<std::int64_t> seconds_of(std::string const& limit) {
  auto const dash = limit.find('-');
  auto const days = dash == std::string::npos ? 0 : leading_integer(limit).value_or(0);
  auto const clock = split(dash == std::string::npos ? limit : limit.substr(dash + 1), ':');
  std::int64_t seconds = 0;
  for (auto const& part : clock) {
    auto const number = leading_integer(part);
    if (!number) return std::nullopt;
    seconds = 60 * seconds + *number;
  }
  if (clock.size() == 1) seconds *= dash == std::string::npos ? 60 : 3600;
  if (clock.size() == 2 && dash != std::string::npos) seconds *= 60;
  return days * 86400 + seconds;
}

/// GPUs of a node: "gpu:4", "gpu:h100:8(S:0-1)", "gpu:a100:2,gpu:h100:2", "(null)".
std::int64_t gpus_of(std::string const& resources) {
  std::int64_t gpus = 0;
  for (auto resource : split(resources, ',')) {
    if (!resource.starts_with("gpu")) continue;
    resource = resource.substr(0, resource.find('('));
    gpus += leading_integer(resource.substr(resource.rfind(':') + 1)).value_or(0);
  }
  return gpus;
}

std::string clock_text(std::int64_t seconds) {
  return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

NodeKind const& chosen(std::vector<NodeKind> const& kinds, std::string const& partition) {
  auto const usable = [&](NodeKind const& kind) {
    return kind.up && kind.nodes > 0 && (partition.empty() || kind.partition == partition);
  };
  auto const worth = [&](NodeKind const& kind) {
    return std::tuple(usable(kind), kind.gpus > 0, kind.is_default, kind.nodes);
  };
  auto const best =
      std::max_element(kinds.begin(), kinds.end(), [&](auto const& a, auto const& b) { return worth(a) < worth(b); });
  if (best != kinds.end() && usable(*best)) return *best;
  std::vector<std::string> names;
  for (auto const& kind : kinds)
    if (std::find(names.begin(), names.end(), kind.partition) == names.end()) names.push_back(kind.partition);
  if (partition.empty())
    throw errors::usage("no partition can take a job", "sinfo shows none that is up and has nodes",
                        "Ask your site's support");
  throw errors::usage("--partition " + partition + " cannot take a job",
                      "sinfo shows no nodes of that name that are up",
                      "Choose one of " + fmt::format("{}", fmt::join(names, ", ")));
}

}  // namespace

std::vector<NodeKind> node_kinds(std::string const& sinfo) {
  std::vector<NodeKind> kinds;
  for (auto const& line : split(sinfo, '\n')) {
    auto const fields = split(line, '|');
    if (fields.size() < 7) continue;
    NodeKind kind{.partition = fields[0],
                  .is_default = fields[0].ends_with('*'),
                  .up = fields[1] == "up",
                  .longest_s = seconds_of(fields[2]),
                  .nodes = leading_integer(fields[3]).value_or(0),
                  .cores = leading_integer(fields[4]).value_or(0),
                  .memory_mb = leading_integer(fields[5]).value_or(0),
                  .gpus = gpus_of(fields[6])};
    if (kind.is_default) kind.partition.pop_back();
    if (kind.cores > 0) kinds.push_back(std::move(kind));
  }
  return kinds;
}

std::string job_lines(Cluster const& cluster, std::string const& partition) {
  constexpr std::int64_t day_s = 86400, cores_per_cpu_rank = 4;
  constexpr double spare = 2;  // for larger networks and series
  auto const& kind = chosen(cluster.kinds, partition);
  auto const ranks = kind.gpus > 0 ? kind.gpus : std::max<std::int64_t>(1, kind.cores / cores_per_cpu_rank);
  auto const cores = std::max<std::int64_t>(1, kind.cores / ranks);
  // Slurm's daemon and the system take some of a node's memory; most sites refuse a job that asks for all of it.
  auto const needed_mb = static_cast<double>(ranks) * spare * (kind.gpus > 0 ? gpu_rank_mb : cpu_rank_mb);
  auto const memory_mb = std::min(static_cast<std::int64_t>(needed_mb), kind.memory_mb * 9 / 10);
  std::vector<std::string> options;
  if (!cluster.accounts.empty()) options.push_back("--account=" + cluster.accounts.front());
  options.push_back("--partition=" + kind.partition);
  options.emplace_back("--nodes=1");
  options.push_back(fmt::format("--ntasks-per-node={}", ranks));
  options.push_back(fmt::format("--gpus-per-node={}", kind.gpus));
  options.push_back(fmt::format("--cpus-per-task={}", cores));
  if (memory_mb > 0) options.push_back(fmt::format("--mem={}M", memory_mb));
  options.push_back("--time=" + clock_text(std::min(day_s, kind.longest_s.value_or(day_s))));

  auto const counted = [](std::int64_t count, char const* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  auto text = fmt::format("# Partition {}{}: {} with {}, {}, {} MB of memory each; jobs of at most {}.\n",
                          kind.partition, kind.is_default ? " (the default)" : "", counted(kind.nodes, "node"),
                          counted(kind.gpus, "GPU"), counted(kind.cores, "core"), kind.memory_mb,
                          kind.longest_s ? clock_text(*kind.longest_s) : "any length");
  text += kind.gpus > 0 ? "# One rank for each GPU of a node.\n"
                        : fmt::format("# No GPUs: ranks of {} cores each.\n", cores);
  if (cluster.accounts.empty()) text += "# Add --account=NAME if your site asks for one.\n";
  else if (cluster.accounts.size() > 1)
    text += fmt::format("# Your accounts: {}.\n", fmt::join(cluster.accounts, ", "));
  text += cluster.pmix ? "# srun --mpi=pmix starts the ranks, also on several nodes (--nodes=N).\n"
                       : "# srun has no PMIx, so mpirun starts the ranks.\n";
  for (auto const& option : options) text += "#SBATCH " + option + "\n";
  text += fmt::format(
      "\n# To submit a sweep with them, continued by the same command:\nsbatch {} jobs/sweep_gate_lr.slurm\n",
      fmt::join(options, " "));
  return text;
}

}  // namespace mambasynth::doctor
