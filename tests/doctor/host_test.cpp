#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "doctor/inspect.hpp"
#include "doctor/made_up.hpp"

using namespace mambasynth::doctor;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("more threads than a rank's cores are reported") {
  auto facts = of({healthy(0, 2), healthy(1, 2)});
  CHECK(worst(check_cores(facts)) == Level::ok);
  facts.ranks[1].environment = {{"OMP_NUM_THREADS", "2"}};
  CHECK(worst(check_cores(facts)) == Level::ok);
  facts.ranks[1].environment = {{"OMP_NUM_THREADS", "16"}};
  CHECK(named(check_cores(facts), "cpu.threads").level == Level::warning);
  CHECK_THAT(named(check_cores(facts), "cpu.threads").text(),
             ContainsSubstring("16") && ContainsSubstring("--cpus-per-task=16"));
  facts.ranks[1].environment.clear();
  facts.ranks[1].core_quota = 1.5;
  CHECK(named(check_cores(facts), "cpu.quota").level == Level::note);
  CHECK_THAT(named(check_cores(facts), "cpu.quota").text(),
             ContainsSubstring("1 of its 2 cores") && ContainsSubstring("1.5"));
  facts.ranks[1].core_quota = 64;
  CHECK(worst(check_cores(facts)) == Level::ok);
  facts.ranks[0].default_threads = 64;
  CHECK(named(check_cores(facts), "cpu.default_threads").level == Level::note);
}

TEST_CASE("ranks bound to the same core are reported") {
  auto facts = of({healthy(0, 3), healthy(1, 3), healthy(2, 3)});
  for (auto& rank : facts.ranks) rank.default_threads = 1;
  CHECK(worst(check_cores(facts)) == Level::ok);
  facts.ranks[0].cores = facts.ranks[1].cores = {0};
  CHECK(named(check_cores(facts), "cpu.shared").ranks == std::vector{0, 1});
  facts.ranks[1].host = "n2";
  CHECK(worst(check_cores(facts)) == Level::ok);
  for (auto& rank : facts.ranks) rank.host = "n1", rank.cores = {0, 1};
  CHECK_THAT(named(check_cores(facts), "cpu.shared").text(), ContainsSubstring("3 ranks run on 2 cores"));
}

TEST_CASE("the tightest memory limit of node, cgroup and Slurm applies") {
  auto facts = of({healthy(0, 1)});
  auto& rank = facts.ranks[0];
  CHECK(worst(check_memory(facts)) == Level::ok);
  rank.memory.cgroup_mb = 2000;
  CHECK_THAT(check_memory(facts).front().text(), ContainsSubstring("2.0 GB for 1 rank") && ContainsSubstring("cgroup"));
  rank.memory.cgroup_mb.reset();
  rank.environment = {{"SLURM_MEM_PER_NODE", "1000"}};
  CHECK_THAT(check_memory(facts).front().text(), ContainsSubstring("SLURM_MEM_PER_NODE"));
  rank.environment = {{"SLURM_MEM_PER_CPU", "1000"}, {"SLURM_CPUS_ON_NODE", "2"}};
  CHECK_THAT(check_memory(facts).front().text(), ContainsSubstring("SLURM_MEM_PER_CPU"));
  rank.environment = {{"SLURM_MEM_PER_CPU", "4000"}, {"SLURM_CPUS_ON_NODE", "16"}};
  CHECK(worst(check_memory(facts)) == Level::ok);
  rank.memory.available_mb = 500;
  CHECK(worst(check_memory(facts)) == Level::warning);
}

TEST_CASE("/dev/shm is checked only if ranks share a host, and NCCL needs more of it") {
  auto facts = of({healthy(0, 1)});
  facts.ranks[0].shared_memory = {"/dev/shm", 64, 64};
  CHECK(check_shared_memory(facts).empty());
  facts.ranks.push_back(healthy(1, 2));
  CHECK(worst(check_shared_memory(facts)) == Level::ok);
  facts.ranks[0].gpu.count = 2;
  CHECK(worst(check_shared_memory(facts)) == Level::warning);
  CHECK_THAT(check_shared_memory(facts).front().text(), ContainsSubstring("1 GB"));
  facts.ranks[0].gpu.count = 0;
  facts.ranks[0].shared_memory.free_mb = 20;
  CHECK(worst(check_shared_memory(facts)) == Level::warning);
  facts.ranks[0].shared_memory = {"/dev/shm", 0, 0};
  CHECK_THAT(check_shared_memory(facts).front().text(), ContainsSubstring("does not exist"));
}

TEST_CASE("a full or missing temporary folder is reported") {
  auto facts = of({healthy(0, 1)});
  CHECK(check_temporary(facts).empty());
  facts.ranks[0].temporary.free_mb = 5;
  CHECK(worst(check_temporary(facts)) == Level::warning);
  facts.ranks[0].temporary = {"/nowhere", 0, 0};
  CHECK_THAT(check_temporary(facts).front().text(), ContainsSubstring("/nowhere does not exist"));
}

TEST_CASE("this machine can be inspected") {
  RankFacts facts;
  std::string last;
  inspect_host(facts, [&](std::string const& what) { last = what; });
  CHECK(!facts.host.empty());
  CHECK(!facts.cores.empty());
  CHECK(facts.memory.node_mb > facts.memory.available_mb);
  CHECK(facts.temporary.total_mb > 0);
  CHECK(!last.empty());
  CHECK(file_system_type("/proc/self") == "proc");
  CHECK(space_at("/no such place").total_mb == 0);
}
