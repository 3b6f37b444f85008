#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdlib>
#include <string>

#include "doctor/inspect.hpp"
#include "doctor/made_up.hpp"

using namespace mambasynth::doctor;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("ranks that the launcher started but MPI does not see are an error with a remedy") {
  auto facts = of({healthy(0, 1)});
  CHECK(named(check_launch(facts), "mpi.ranks").level == Level::ok);
  for (auto const* variable : {"SLURM_NTASKS", "SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    facts.ranks[0].environment = {{variable, "4"}, {"SLURM_STEP_ID", "0"}};
    auto const finding = named(check_launch(facts), "mpi.ranks");
    CHECK(finding.level == Level::error);
    CHECK_THAT(finding.text(), ContainsSubstring(variable) && ContainsSubstring("one rank, not 4"));
  }
  facts.ranks[0].environment = {{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}};
  CHECK_THAT(named(check_launch(facts), "mpi.ranks").remedy, ContainsSubstring("srun --mpi=pmix"));
  facts.ranks[0].environment = {{"PMIX_RANK", "1"}};
  CHECK(named(check_launch(facts), "mpi.ranks").level == Level::error);
  facts.ranks[0].environment = {{"PMIX_RANK", "0"}, {"SLURM_NTASKS", "1"}};
  CHECK(named(check_launch(facts), "mpi.ranks").level == Level::ok);
}

TEST_CASE("the shell of a Slurm job is one process, however many tasks the job has") {
  auto facts = of({healthy(0, 1)});
  facts.ranks[0].environment = {{"SLURM_JOB_ID", "1"}, {"SLURM_NTASKS", "4"}};
  CHECK(named(check_launch(facts), "mpi.ranks").level == Level::ok);
  CHECK_THAT(named(check_launch(facts), "mpi.ranks").text(), ContainsSubstring("a job for 4"));
}

TEST_CASE("variables left over from a launcher that has ended are named, and one rank continues") {
  for (auto const& [name, value] : Environment{{"PMI_RANK", "2"},
                                               {"PMI_SIZE", "4"},
                                               {"PMIX_RANK", "3"},
                                               {"OMPI_COMM_WORLD_SIZE", "4"},
                                               {"OMPI_COMM_WORLD_RANK", "1"},
                                               {"SLURM_STEP_NUM_TASKS", "4"},
                                               {"SLURM_PROCID", "1"},
                                               {"SLURM_STEP_ID", "0"},
                                               {"PMI_RANK", "garbage"}}) {
    INFO(name);
    auto facts = of({healthy(0, 1)});
    facts.ranks[0].no_launcher = true;
    facts.ranks[0].environment = {{name, value}, {"SLURM_NTASKS", "4"}};
    CHECK(named(check_launch(facts), "mpi.ranks").level == Level::warning);
    CHECK_THAT(named(check_launch(facts), "mpi.ranks").text(),
               ContainsSubstring(name + "=" + value) && ContainsSubstring("left over"));
  }
}

TEST_CASE("variables that should hold integers but do not are named") {
  auto facts = of({healthy(0, 1)});
  facts.ranks[0].environment = {
      {"SLURM_NTASKS", "4"}, {"OMP_NUM_THREADS", "4,2"}, {"PMIX_RANK", "0"}, {"SLURM_MEM_PER_NODE", "0"}};
  CHECK(check_environment(facts).empty());
  for (auto const* value : {"garbage", "0", "-2", "99999999999999999999", "2.5", "nan", " "}) {
    INFO(value);
    for (auto const* name : {"OMP_NUM_THREADS", "SLURM_NTASKS", "SLURM_CPUS_PER_TASK", "PMI_SIZE"}) {
      facts.ranks[0].environment = {{name, value}};
      CHECK(named(check_environment(facts), "environment").level == Level::warning);
      CHECK_THAT(named(check_environment(facts), "environment").text(),
                 ContainsSubstring(std::string(name) + "=" + value));
    }
  }
}

TEST_CASE("mpirun inside a Slurm job may start fewer ranks than the job has tasks") {
  auto facts = of({healthy(0, 2), healthy(1, 2)});
  facts.ranks[0].environment = {{"SLURM_NTASKS", "8"}, {"OMPI_COMM_WORLD_SIZE", "2"}};
  CHECK(named(check_launch(facts), "mpi.ranks").level == Level::ok);
  facts.ranks[0].environment = {{"SLURM_NTASKS", "8"}, {"SLURM_STEP_ID", "0"}};
  CHECK(named(check_launch(facts), "mpi.ranks").level == Level::error);
}

TEST_CASE("two MPI libraries or two builds are errors that name both") {
  auto facts = of({healthy(0, 2), healthy(1, 2, "n2")});
  CHECK(worst(check_launch(facts)) == Level::ok);
  CHECK(named(check_program(facts), "program.same").level == Level::ok);
  facts.ranks[1].mpi.library = "MPICH 4";
  CHECK_THAT(named(check_launch(facts), "mpi.library").text(), ContainsSubstring("MPICH 4 on rank 1"));
  CHECK(worst(check_launch(facts)) == Level::error);
  for (auto const change : {0, 1}) {
    auto other = facts;
    (change ? other.ranks[1].program.build_type : other.ranks[1].program.commit) = "other";
    CHECK(worst(check_program(other)) == Level::error);
    CHECK_THAT(check_program(other).front().text(), ContainsSubstring("abc") && ContainsSubstring("other"));
  }
}

TEST_CASE("PMIx is checked only if srun was queried") {
  auto facts = of({healthy(0, 1)});
  CHECK(check_pmix(facts).empty());
  facts.srun_mpi_list = "MPI plugin types are...\n\tpmix\n\tpmix_v4\n";
  CHECK(check_pmix(facts).front().level == Level::ok);
  facts.srun_mpi_list = "none\npmi2\n";
  CHECK(check_pmix(facts).front().level == Level::note);
}

TEST_CASE("unresponsive ranks are errors") {
  auto facts = of({healthy(0, 2)});
  CHECK(check_answers(facts).empty());
  facts.unresponsive = {{1, "n2", "inspecting /tmp"}};
  CHECK(worst(check_all(facts)) == Level::error);
  CHECK_THAT(check_answers(facts).front().text(),
             ContainsSubstring("rank 1 on n2") && ContainsSubstring("inspecting /tmp"));
  facts.unresponsive = {{0, "n1", "inspecting /tmp"}};
  CHECK(check_all(facts).size() == 1);
}

TEST_CASE("different instruction sets are a warning for trials on the CPU, a note with GPUs") {
  auto facts = of({healthy(0, 2), healthy(1, 2, "n2")});
  CHECK(check_instruction_sets(facts).empty());
  facts.ranks[1].instruction_set = "avx512";
  CHECK(check_instruction_sets(facts).front().level == Level::warning);
  for (auto& rank : facts.ranks) rank.gpu.count = 1;
  CHECK(check_instruction_sets(facts).front().level == Level::note);
}

TEST_CASE("clocks that differ by more than a second plus the uncertainty are a note") {
  auto facts = of({healthy(0, 2), healthy(1, 2, "n2")});
  facts.clocks = {{"n1", 0, 0}, {"n2", 0.4, 0.01}};
  CHECK(check_clocks(facts).front().level == Level::ok);
  facts.clocks[1].seconds = -3;
  CHECK(check_clocks(facts).front().level == Level::note);
  CHECK_THAT(check_clocks(facts).front().text(), ContainsSubstring("n2 is 3.0 s behind"));
  facts.clocks[1].uncertainty = 2.5;
  CHECK(check_clocks(facts).front().level == Level::ok);
}

TEST_CASE("srun's tasks cannot connect without PMIx or PMI") {
  CHECK(!tasks_cannot_meet({}));
  CHECK(!tasks_cannot_meet({{"SLURM_STEP_NUM_TASKS", "1"}}));
  CHECK(!tasks_cannot_meet({{"SLURM_STEP_NUM_TASKS", "2"}, {"OMPI_COMM_WORLD_SIZE", "2"}}));
  CHECK(tasks_cannot_meet({{"SLURM_STEP_NUM_TASKS", "2"}}));
  ::setenv("PMIX_RANK", "0", 1);
  CHECK(!tasks_cannot_meet({{"SLURM_STEP_NUM_TASKS", "2"}}));
  ::unsetenv("PMIX_RANK");
  ::setenv("PMIX_MCA_gds", "hash", 1);
  CHECK(tasks_cannot_meet({{"SLURM_STEP_NUM_TASKS", "2"}}));
  ::unsetenv("PMIX_MCA_gds");
}
