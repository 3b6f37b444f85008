#include "cgroups/cgroups.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/fake_root.hpp"

using namespace mambasynth;

TEST_CASE("the memory limit is the minimum over the process's control group and all its ancestors") {
  struct Case {
    char const* what;
    std::map<std::string, std::string> files;
    std::optional<double> bytes;
  };
  std::string const mountinfo = "proc/self/mountinfo", group = "proc/self/cgroup";
  std::string const version_2 = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  std::string const version_1 = "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  std::string const unlimited_1 = "9223372036854771712\n";
  for (auto const& [what, files, bytes] : std::vector<Case>{
           {"nothing mounted", {}, std::nullopt},
           {"version 2, mounts unknown", {{group, "0::/job\n"}, {"sys/fs/cgroup/job/memory.max", "1000\n"}}, 1000},
           {"version 2, no limit",
            {{mountinfo, version_2}, {group, "0::/job\n"}, {"sys/fs/cgroup/job/memory.max", "max\n"}},
            std::nullopt},
           {"version 2, an ancestor is tighter",
            {{mountinfo, version_2},
             {group, "0::/a/b\n"},
             {"sys/fs/cgroup/a/memory.max", "500\n"},
             {"sys/fs/cgroup/a/b/memory.max", "1000\n"}},
            500},
           {"version 2, a container that sees its own group at the top",
            {{mountinfo, "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"},
             {group, "0::/docker/abc\n"},
             {"sys/fs/cgroup/memory.max", "700\n"}},
            700},
           {"version 2, mounted elsewhere",
            {{mountinfo, "30 23 0:26 / /mnt/groups rw - cgroup2 none rw\n"},
             {group, "0::/job\n"},
             {"mnt/groups/job/memory.max", "600\n"}},
            600},
           {"version 1, mounts unknown",
            {{group, "9:memory:/m\n"}, {"sys/fs/cgroup/memory/m/memory.limit_in_bytes", "800\n"}},
            800},
           {"version 1, no limit",
            {{mountinfo, version_1},
             {group, "9:memory:/m\n"},
             {"sys/fs/cgroup/memory/m/memory.limit_in_bytes", unlimited_1}},
            std::nullopt},
           {"version 1, the top is tighter",
            {{mountinfo, version_1},
             {group, "9:memory:/m\n"},
             {"sys/fs/cgroup/memory/memory.limit_in_bytes", "300\n"},
             {"sys/fs/cgroup/memory/m/memory.limit_in_bytes", unlimited_1}},
            300},
           {"version 1, another controller's group",
            {{mountinfo, version_1}, {group, "4:cpu:/m\n"}, {"sys/fs/cgroup/memory/m/memory.limit_in_bytes", "800\n"}},
            std::nullopt},
       }) {
    INFO(what);
    tests::FakeRoot const root(files);
    CHECK(cgroups::memory_limit(root.path()) == bytes);
  }
}
