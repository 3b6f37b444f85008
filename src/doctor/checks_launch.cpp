#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "doctor/checks.hpp"
#include "environment/environment.hpp"

namespace mambasynth::doctor {
namespace {

struct Launched {
  int ranks = 0;
  std::string source;
};

/// The number of ranks that the launcher started, from the most specific variable: mpirun inside a Slurm job may start
/// fewer ranks than the job has tasks, and a job's shell without a step is one process.
Launched launched(Environment const& environment) {
  for (auto const* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"})
    if (auto const ranks = integer_of(environment, name, 1)) return {*ranks, fmt::format("{}={}", name, *ranks)};
  if (!environment.contains("SLURM_STEP_ID") && !environment.contains("SLURM_PROCID")) return {};
  if (auto const ranks = integer_of(environment, "SLURM_NTASKS", 1))
    return {*ranks, fmt::format("SLURM_NTASKS={}", *ranks)};
  return {};
}

/// The first variable that only a launcher sets; "" if none is set.
std::string launchers_variable(Environment const& environment) {
  for (auto const* name : {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "PMI_SIZE", "PMI_RANK", "PMIX_RANK",
                           "SLURM_STEP_NUM_TASKS", "SLURM_STEP_ID", "SLURM_PROCID"})
    if (auto const value = value_of(environment, name); !value.empty()) return fmt::format("{}={}", name, value);
  return "";
}

/// The ranks grouped by `key`, as "A on ranks 0-2; B on rank 3"; empty if all agree.
template <class Key>
std::string disagreement(Facts const& facts, Key key) {
  std::vector<std::pair<std::string, std::vector<int>>> groups;
  for (auto const& rank : facts.ranks) {
    auto const value = key(rank);
    auto const found =
        std::find_if(groups.begin(), groups.end(), [&](auto const& group) { return group.first == value; });
    if (found == groups.end()) groups.push_back({value, {rank.rank}});
    else found->second.push_back(rank.rank);
  }
  if (groups.size() < 2) return "";
  std::string text;
  for (auto const& [value, ranks] : groups)
    text +=
        fmt::format("{}{} on rank{} {}", text.empty() ? "" : "; ", value, ranks.size() == 1 ? "" : "s", ranges(ranks));
  return text;
}

std::string count(std::size_t number, char const* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

}  // namespace

std::string value_of(Environment const& environment, char const* name) {
  auto const found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

std::optional<int> integer_of(Environment const& environment, char const* name, int lowest) {
  auto const number = environment::parse_integer(value_of(environment, name), lowest, std::numeric_limits<int>::max());
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

std::vector<std::vector<RankFacts const*>> by_host(Facts const& facts) {
  std::vector<std::vector<RankFacts const*>> hosts;
  for (auto const& rank : facts.ranks) {
    auto const found =
        std::find_if(hosts.begin(), hosts.end(), [&](auto const& host) { return host.front()->host == rank.host; });
    if (found == hosts.end()) hosts.push_back({&rank});
    else found->push_back(&rank);
  }
  return hosts;
}

Findings check_answers(Facts const& facts) {
  Findings findings;
  for (auto const& rank : facts.unresponsive)
    findings.push_back({Level::error,
                        "mpi.silent",
                        "rank " + std::to_string(rank.rank) + (rank.host.empty() ? "" : " on " + rank.host) +
                            " did not respond in time",
                        rank.doing.empty() ? "it sent nothing" : "it hangs while " + rank.doing,
                        "Check that node (ssh, nvidia-smi, df, dmesg), or exclude it: sbatch --exclude=NODE",
                        {rank.rank}});
  return findings;
}

Findings check_launch(Facts const& facts) {
  auto const& first = facts.ranks.front();
  auto const& environment = first.environment;
  auto const expected = launched(environment);
  bool const slurm = environment.contains("SLURM_JOB_ID") || environment.contains("SLURM_NTASKS");
  auto const remedy =
      slurm ? std::string("Start it with srun --mpi=pmix, or with mpirun inside the job")
            : std::string(
                  "Start it with the mpirun of the MPI library that it was built with (mambasynth --version shows it)");
  Findings findings;
  auto const left_over = first.size == 1 && first.no_launcher ? launchers_variable(environment) : "";
  bool const many_alone = first.size == 1 && integer_of(environment, "PMIX_RANK", 1).has_value();
  auto const tasks = integer_of(environment, "SLURM_NTASKS", 2);
  if (!left_over.empty())
    findings.push_back({Level::warning,
                        "mpi.ranks",
                        "One rank, and " + left_over + " is left over from a launch that has ended",
                        "no parent process starts ranks; every verb runs as one rank",
                        "Unset it, or open a new shell; use mpirun -n RANKS or srun --mpi=pmix to start more",
                        {}});
  else if (expected.ranks > first.size && first.size == 1)
    findings.push_back(
        {Level::error,
         "mpi.ranks",
         fmt::format("this program is one rank, not {}", expected.ranks),
         expected.source + ", but the MPI library does not see the others; each would run the whole sweep on its own",
         remedy,
         {}});
  else if (many_alone)
    findings.push_back({Level::error,
                        "mpi.ranks",
                        "this program runs as a single rank",
                        "PMIX_RANK is set, but the MPI library did not connect to the other ranks",
                        remedy,
                        {}});
  else if (expected.ranks > 0 && expected.ranks != first.size)
    findings.push_back({Level::error,
                        "mpi.ranks",
                        fmt::format("{} ranks connected, not {}", first.size, expected.ranks),
                        "the launcher set " + expected.source,
                        remedy,
                        {}});
  else if (first.size == 1 && expected.ranks == 0 && tasks)
    findings.push_back({Level::ok,
                        "mpi.ranks",
                        fmt::format("One rank, in a shell of a job for {} (SLURM_NTASKS)", *tasks),
                        "use mpirun or srun --mpi=pmix to start them all",
                        "",
                        {}});
  else if (first.size == 1 && expected.ranks == 0)
    findings.push_back({Level::ok,
                        "mpi.ranks",
                        "One rank, started without a launcher",
                        "use mpirun -n RANKS or srun --mpi=pmix to start more",
                        "",
                        {}});
  else
    findings.push_back(
        {Level::ok,
         "mpi.ranks",
         fmt::format("{} on {}, as many as were started", count(static_cast<std::size_t>(first.size), "rank"),
                     count(by_host(facts).size(), "host")),
         "",
         "",
         {}});
  auto const libraries = disagreement(facts, [](auto const& rank) { return rank.mpi.library; });
  if (!libraries.empty())
    findings.push_back({Level::error,
                        "mpi.library",
                        "the ranks run different MPI libraries",
                        libraries,
                        "Load the same module on all nodes (MAMBASYNTH_ENV), or use a container",
                        {}});
  else
    findings.push_back({Level::ok,
                        "mpi.library",
                        first.mpi.library.substr(0, first.mpi.library.find(',')) + ", " + first.mpi.threads,
                        "",
                        "",
                        {}});
  return findings;
}

Findings check_environment(Facts const& facts) {
  struct Known {
    char const* name;
    int lowest;
    char const* what;
  };
  constexpr std::array<Known, 14> numbers{{{"SLURM_NTASKS", 1, "tasks"},
                                           {"SLURM_STEP_NUM_TASKS", 1, "tasks"},
                                           {"SLURM_PROCID", 0, "a task"},
                                           {"SLURM_LOCALID", 0, "a task"},
                                           {"SLURM_CPUS_PER_TASK", 1, "cores"},
                                           {"SLURM_CPUS_ON_NODE", 1, "cores"},
                                           {"SLURM_MEM_PER_NODE", 0, "megabytes"},
                                           {"SLURM_MEM_PER_CPU", 0, "megabytes"},
                                           {"OMPI_COMM_WORLD_SIZE", 1, "ranks"},
                                           {"OMPI_COMM_WORLD_RANK", 0, "a rank"},
                                           {"PMIX_RANK", 0, "a rank"},
                                           {"PMI_RANK", 0, "a rank"},
                                           {"PMI_SIZE", 1, "ranks"},
                                           {"OMP_NUM_THREADS", 1, "threads"}}};
  Findings findings;
  for (auto const& rank : facts.ranks)
    for (auto const& [name, lowest, what] : numbers) {
      auto const value = value_of(rank.environment, name);
      if (value.empty() || integer_of({{name, value.substr(0, value.find(','))}}, name, lowest)) continue;
      findings.push_back({Level::warning,
                          "environment",
                          fmt::format("{}={} is ignored", name, value),
                          fmt::format("it is not a valid number of {}", what),
                          "Correct or unset it",
                          {rank.rank}});
    }
  return findings;
}

Findings check_pmix(Facts const& facts) {
  if (!facts.srun_mpi_list) return {};
  if (facts.srun_mpi_list->find("pmix") != std::string::npos)
    return {{Level::ok, "mpi.pmix", "srun offers PMIx", "srun --mpi=pmix starts MPI programs", "", {}}};
  return {
      {Level::note,
       "mpi.pmix",
       "srun offers no PMIx here",
       "srun --mpi=list does not list it, so srun cannot start Open MPI programs",
       "Use mpirun inside the job (the scripts in jobs/ do so automatically), or ask your site for Slurm's PMIx plugin",
       {}}};
}

Findings check_program(Facts const& facts) {
  auto const versions = disagreement(facts, [](auto const& rank) {
    auto const& p = rank.program;
    return fmt::format("{} {} {}{}{}", p.version, p.commit, p.build_type,
                       p.cuda.empty() ? " without CUDA" : " CUDA " + p.cuda,
                       p.gpu_architectures.empty() ? "" : " for " + p.gpu_architectures);
  });
  if (!versions.empty())
    return {{Level::error,
             "program.same",
             "the ranks run different builds of mambasynth",
             versions,
             "Run the same file on all nodes: from a shared file system, or the same container image",
             {}}};
  if (facts.ranks.size() == 1) return {};
  return {{Level::ok,
           "program.same",
           "All ranks run the same build",
           facts.ranks.front().program.commit.substr(0, 12),
           "",
           {}}};
}

Findings check_instruction_sets(Facts const& facts) {
  auto const sets = disagreement(facts, [](auto const& rank) { return rank.instruction_set; });
  if (sets.empty()) return {};
  bool const on_cpu =
      std::any_of(facts.ranks.begin(), facts.ranks.end(), [](auto const& rank) { return rank.gpu.count == 0; });
  return {{on_cpu ? Level::warning : Level::note,
           "cpu.instruction_set",
           "the hosts have different instruction sets",
           sets + "; the vector width determines the order of additions, so the last bits of a trial on the CPU depend "
                  "on the host",
           "Request nodes of one kind (sbatch --constraint), or set MAMBASYNTH_CPU and ATEN_CPU_CAPABILITY to the "
           "smaller set",
           {}}};
}

Findings check_clocks(Facts const& facts) {
  Findings findings;
  for (auto const& clock : facts.clocks)
    if (std::abs(clock.seconds) > 1 + clock.uncertainty)
      findings.push_back(
          {Level::note,
           "clock",
           fmt::format("the clock of {} is {:.1f} s {} that of rank 0", clock.host, std::abs(clock.seconds),
                       clock.seconds > 0 ? "ahead of" : "behind"),
           "a sweep's lock does not depend on clocks, but times in events.jsonl and in logs will not match",
           "Report to your site that NTP is not running there",
           {}});
  if (findings.empty() && facts.clocks.size() > 1)
    findings.push_back({Level::ok, "clock", "The hosts' clocks agree within a second", "", "", {}});
  return findings;
}

Findings check_all(Facts const& facts) {
  Findings all;
  // If rank 0 hangs, nothing can be judged or compared.
  bool const blind = std::any_of(facts.unresponsive.begin(), facts.unresponsive.end(),
                                 [](auto const& rank) { return rank.rank == 0; });
  if (blind) return merged(check_answers(facts));
  for (auto const check :
       {check_answers, check_launch, check_environment, check_pmix, check_program, check_gpus, check_nccl, check_cores,
        check_memory, check_shared_memory, check_temporary, check_instruction_sets, check_clocks, check_folder}) {
    auto const found = check(facts);
    all.insert(all.end(), found.begin(), found.end());
  }
  return merged(all);
}

}  // namespace mambasynth::doctor
