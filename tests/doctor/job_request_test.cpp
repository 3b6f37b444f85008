#include "doctor/job_request.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "errors/errors.hpp"

using namespace mambasynth;
using namespace mambasynth::doctor;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr char const* sinfo =
    "debug|up|30:00|2|32|128000+|(null)\n"
    "compute*|up|2-00:00:00|200|64+|256000|(null)\n"
    "gpu|up|1-12:00:00|12|64|512000|gpu:h100:4(S:0-1)\n"
    "mixed|up|infinite|2|48|190000|gpu:a100:2,gpu:v100:1,craynetwork:4\n"
    "old|down|infinite|4|16|64000|gpu:8\n"
    "nonsense\n";

}  // namespace

TEST_CASE("sinfo's lines give cores, memory, GPUs and the time limit of each kind of node") {
  auto const kinds = node_kinds(sinfo);
  REQUIRE(kinds.size() == 5);
  CHECK(kinds[0].longest_s == 30 * 60);
  CHECK(kinds[1].is_default);
  CHECK(kinds[1].partition == "compute");
  CHECK(kinds[1].longest_s == 2 * 86400);
  CHECK(kinds[1].cores == 64);
  CHECK(kinds[2].gpus == 4);
  CHECK(kinds[2].longest_s == 36 * 3600);
  CHECK(kinds[3].gpus == 3);
  CHECK_FALSE(kinds[3].longest_s);
  CHECK_FALSE(kinds[4].up);
}

TEST_CASE("a job gets one rank for each GPU of a node, its share of the cores, and what the partition allows") {
  Cluster const cluster{.kinds = node_kinds(sinfo), .accounts = {"lab", "course"}, .pmix = true};
  auto const lines = job_lines(cluster, "");
  for (auto const* line : {"#SBATCH --account=lab\n", "#SBATCH --partition=gpu\n", "#SBATCH --ntasks-per-node=4\n",
                           "#SBATCH --gpus-per-node=4\n", "#SBATCH --cpus-per-task=16\n", "#SBATCH --mem=32000M\n",
                           "#SBATCH --time=24:00:00\n", "Your accounts: lab, course", "srun --mpi=pmix starts",
                           "sbatch --account=lab --partition=gpu --nodes=1"})
    CHECK_THAT(lines, ContainsSubstring(line));
}

TEST_CASE("without GPUs, ranks share a node's cores; memory and time stay within the partition's limits") {
  Cluster const cluster{.kinds = node_kinds(sinfo), .accounts = {}, .pmix = false};
  auto const lines = job_lines(cluster, "debug");
  for (auto const* line : {"#SBATCH --partition=debug\n", "#SBATCH --ntasks-per-node=8\n",
                           "#SBATCH --gpus-per-node=0\n", "#SBATCH --cpus-per-task=4\n", "#SBATCH --mem=113344M\n",
                           "#SBATCH --time=00:30:00\n", "Add --account=NAME", "mpirun starts"})
    CHECK_THAT(lines, ContainsSubstring(line));
}

TEST_CASE("a partition that cannot take a job is refused with those that exist") {
  Cluster const cluster{.kinds = node_kinds(sinfo), .accounts = {}, .pmix = false};
  for (auto const* name : {"old", "nowhere"}) {
    try {
      (void)job_lines(cluster, name);
      FAIL(name << " was accepted");
    } catch (errors::Error const& error) {
      CHECK_THAT(error.what(), ContainsSubstring("debug, compute, gpu, mixed, old"));
    }
  }
  CHECK_THROWS_AS(job_lines({}, ""), errors::Error);
}
