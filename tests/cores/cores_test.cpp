#include "cores/cores.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <sched.h>
#include <stdlib.h>

#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/fake_root.hpp"

using namespace mambasynth;

namespace {

std::string const mountinfo = "proc/self/mountinfo", group = "proc/self/cgroup";
std::string const version_2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
std::string const version_1 =
    "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "33 30 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";
std::string const own_1 = "9:memory:/m\n4:cpu,cpuacct:/slurm/job_7/step_0\n3:cpuset:/\n0::/x\n";
std::string const cpu_1 = "sys/fs/cgroup/cpu,cpuacct/";

}  // namespace

TEST_CASE("the CPU quota is the minimum over the process's control group and all its ancestors") {
  struct Case {
    char const* what;
    std::map<std::string, std::string> files;
    std::optional<double> cores;
  };
  for (auto const& [what, files, cores] : std::vector<Case>{
           {"nothing mounted", {}, std::nullopt},
           {"version 2, mounts unknown", {{group, "0::/job\n"}, {"sys/fs/cgroup/job/cpu.max", "100000 100000\n"}}, 1.0},
           {"version 2, own group",
            {{mountinfo, version_2}, {group, "0::/job\n"}, {"sys/fs/cgroup/job/cpu.max", "150000 100000\n"}},
            1.5},
           {"version 2, no limit",
            {{mountinfo, version_2}, {group, "0::/job\n"}, {"sys/fs/cgroup/job/cpu.max", "max 100000\n"}},
            std::nullopt},
           {"version 2, no period",
            {{mountinfo, version_2}, {group, "0::/job\n"}, {"sys/fs/cgroup/job/cpu.max", "200000\n"}},
            2.0},
           {"version 2, an ancestor is tighter",
            {{mountinfo, version_2},
             {group, "0::/a/b/c\n"},
             {"sys/fs/cgroup/a/cpu.max", "100000 100000\n"},
             {"sys/fs/cgroup/a/b/cpu.max", "max 100000\n"},
             {"sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n"}},
            1.0},
           {"version 2, the root of a container",
            {{mountinfo, version_2}, {group, "0::/\n"}, {"sys/fs/cgroup/cpu.max", "50000 100000\n"}},
            0.5},
           {"version 2, outside of what is mounted",
            {{mountinfo, "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"},
             {group, "0::/docker/abc\n"},
             {"sys/fs/cgroup/cpu.max", "300000 100000\n"}},
            3.0},
           {"version 2, a group below what is mounted",
            {{mountinfo, "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"},
             {group, "0::/docker/abc/in\n"},
             {"sys/fs/cgroup/in/cpu.max", "200000 100000\n"},
             {"sys/fs/cgroup/cpu.max", "300000 100000\n"}},
            2.0},
           {"version 2, not below what is mounted",
            {{mountinfo, "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"},
             {group, "0::/../other\n"},
             {"sys/fs/cgroup/cpu.max", "400000 100000\n"}},
            4.0},
           {"version 2, mounted elsewhere",
            {{mountinfo, "30 23 0:26 / /mnt/groups rw - cgroup2 none rw\n"},
             {group, "0::/job\n"},
             {"mnt/groups/job/cpu.max", "100000 50000\n"}},
            2.0},
           {"version 2, no numbers",
            {{mountinfo, version_2}, {group, "0::/job\n"}, {"sys/fs/cgroup/job/cpu.max", "garbage\n"}},
            std::nullopt},
           {"version 2, zero period",
            {{mountinfo, version_2}, {group, "0::/job\n"}, {"sys/fs/cgroup/job/cpu.max", "100000 0\n"}},
            std::nullopt},
           {"version 1, own group",
            {{mountinfo, version_1},
             {group, own_1},
             {cpu_1 + "slurm/job_7/step_0/cpu.cfs_quota_us", "250000\n"},
             {cpu_1 + "slurm/job_7/step_0/cpu.cfs_period_us", "100000\n"}},
            2.5},
           {"version 1, no limit",
            {{mountinfo, version_1},
             {group, own_1},
             {cpu_1 + "slurm/job_7/step_0/cpu.cfs_quota_us", "-1\n"},
             {cpu_1 + "slurm/job_7/step_0/cpu.cfs_period_us", "100000\n"}},
            std::nullopt},
           {"version 1, an ancestor is tighter",
            {{mountinfo, version_1},
             {group, own_1},
             {cpu_1 + "slurm/cpu.cfs_quota_us", "100000\n"},
             {cpu_1 + "slurm/cpu.cfs_period_us", "100000\n"},
             {cpu_1 + "slurm/job_7/step_0/cpu.cfs_quota_us", "400000\n"},
             {cpu_1 + "slurm/job_7/step_0/cpu.cfs_period_us", "100000\n"}},
            1.0},
           {"version 1, a container that sees its own group at the top",
            {{mountinfo, "32 30 0:28 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"},
             {group, "4:cpu,cpuacct:/docker/abc\n"},
             {cpu_1 + "cpu.cfs_quota_us", "100000\n"},
             {cpu_1 + "cpu.cfs_period_us", "50000\n"}},
            2.0},
           {"version 1, another controller's group",
            {{mountinfo, version_1},
             {group, "9:memory:/m\n"},
             {cpu_1 + "m/cpu.cfs_quota_us", "1000\n"},
             {cpu_1 + "m/cpu.cfs_period_us", "100000\n"}},
            std::nullopt},
           {"both, version 1 limits",
            {{mountinfo, version_1 + "34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"},
             {group, own_1},
             {"sys/fs/cgroup/unified/x/cpu.max", "max 100000\n"},
             {cpu_1 + "slurm/job_7/step_0/cpu.cfs_quota_us", "100000\n"},
             {cpu_1 + "slurm/job_7/step_0/cpu.cfs_period_us", "100000\n"}},
            1.0},
       }) {
    INFO(what);
    tests::FakeRoot const root(files);
    auto const quota = cores::quota(root.path());
    REQUIRE(quota.has_value() == cores.has_value());
    if (cores) CHECK(quota->cores == Catch::Approx(*cores));
  }
}

TEST_CASE("a quota allows whole cores, at least one") {
  auto const quota = [](double cores) { return std::optional(cores::Quota{cores, {}}); };
  CHECK(cores::within(8, std::nullopt) == 8);
  CHECK(cores::within(8, quota(2.5)) == 2);
  CHECK(cores::within(8, quota(3)) == 3);
  CHECK(cores::within(8, quota(0.1)) == 1);
  CHECK(cores::within(2, quota(64)) == 2);
  CHECK(cores::within(0, std::nullopt) == 1);
}

TEST_CASE("the affinity mask limits the usable cores, whatever the machine has") {
  std::thread([] {  // the mask of the calling thread
    auto const before = cores::allowed();
    REQUIRE(!before.empty());
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(before.back()), &one);
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(cores::allowed() == std::vector{before.back()});
    CHECK(cores::usable(tests::FakeRoot({}).path()) == 1);
  })
      .join();
}

TEST_CASE("ranks on a node divide only the cores that they share") {
  using cores::Claim;
  std::vector<int> const four{0, 1, 2, 3};
  CHECK(cores::share({0, 0, four}, {{0, 0, four}}) == 4);
  CHECK(cores::share({0, 0, four}, {{0, 0, four}, {0, 0, four}}) == 2);
  CHECK(cores::share({0, 0, {0, 1}}, {{0, 0, {0, 1}}, {0, 0, {2, 3}}}) == 2);
  CHECK(cores::share({0, 0, {0}}, {{0, 0, {0}}, {0, 0, {0}}, {0, 0, {0}}}) == 1);
  CHECK(cores::share({0, 0, four}, {{0, 0, four}, {0, 0, {3}}}) == 3);
  // One shared quota, or one per rank.
  CHECK(cores::share({2, 7, four}, {{2, 7, four}, {2, 7, four}}) == 1);
  CHECK(cores::share({2, 7, {0, 1}}, {{2, 7, {0, 1}}, {2, 8, {2, 3}}}) == 2);
}

TEST_CASE("a valid OMP_NUM_THREADS lowers the number of threads") {
  struct Case {
    char const* value;
    int threads;
  };
  for (auto const& [value, threads] : std::vector<Case>{{nullptr, 4},
                                                        {"", 4},
                                                        {"3", 3},
                                                        {"1", 1},
                                                        {" 2 ", 2},
                                                        {"2,1", 2},
                                                        {"4", 4},
                                                        {"100000", 4},
                                                        {"99999999999999999999", 4},
                                                        {"0", 4},
                                                        {"-3", 4},
                                                        {"two", 4},
                                                        {"2x", 4},
                                                        {"2.5", 4},
                                                        {",2", 4},
                                                        {"nan", 4}}) {
    INFO((value == nullptr ? "unset" : value));
    if (value == nullptr) ::unsetenv("OMP_NUM_THREADS");
    else ::setenv("OMP_NUM_THREADS", value, 1);
    CHECK(cores::default_threads(4) == threads);
  }
  ::unsetenv("OMP_NUM_THREADS");
}
