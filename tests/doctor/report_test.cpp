#include "doctor/report.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "doctor/facts_json.hpp"
#include "doctor/made_up.hpp"

using namespace mambasynth::doctor;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("numbers and sizes are readable") {
  CHECK(ranges({3, 0, 1, 2, 7, 7}) == "0-3, 7");
  CHECK(ranges({}).empty());
  CHECK(size_text(64) == "64 MB");
  CHECK(size_text(1500) == "1.5 GB");
  CHECK(size_text(80e3) == "80 GB");
  CHECK(size_text(2.5e6) == "2.5 TB");
}

TEST_CASE("equal findings are merged and list their ranks, the worst first") {
  Findings const all{{Level::ok, "a", "Well", "", "", {0}},
                     {Level::error, "b", "bad", "so", "Do", {2}},
                     {Level::error, "b", "bad", "so", "Do", {0}},
                     {Level::error, "b", "bad", "otherwise", "Do", {1}}};
  auto const one_each = merged(all);
  REQUIRE(one_each.size() == 3);
  CHECK(one_each[0].ranks == std::vector{0, 2});
  CHECK(one_each[0].text() == "bad (so). Do.");
  CHECK(one_each[2].text() == "Well.");
}

TEST_CASE("facts arrive at rank 0 unchanged") {
  auto rank = with_gpu(3, 4, "0000:01:00.0", "n2");
  rank.environment = {{"SLURM_JOB_ID", "7"}};
  rank.memory.cgroup_mb = 1234;
  nlohmann::ordered_json const there = rank;
  auto const back = nlohmann::ordered_json::parse(there.dump()).get<RankFacts>();
  CHECK(nlohmann::ordered_json(back) == there);
  CHECK(back.memory.cgroup_mb == 1234);
}

TEST_CASE("the text report omits empty columns and gives the ranks of each finding") {
  auto facts = of({healthy(0, 3), healthy(1, 3), healthy(2, 3, "n2")});
  facts.ranks[2].environment = {{"OMP_NUM_THREADS", "16"}};
  auto const text = to_text(facts, check_all(facts));
  CHECK_THAT(text, ContainsSubstring("rank  host  local"));
  CHECK_THAT(text, !ContainsSubstring("GPU clock"));
  CHECK_THAT(text, ContainsSubstring("warning  OMP_NUM_THREADS=16") && ContainsSubstring("[rank 2]"));
  CHECK_THAT(text, ContainsSubstring("No errors, 1 warning"));
  facts.ranks[0] = with_gpu(0, 3, "01");
  CHECK_THAT(to_text(facts, {}), ContainsSubstring("0 of 2: NVIDIA H100") && ContainsSubstring("79 GB of 80 GB"));
}

TEST_CASE("the JSON report holds the same facts and findings") {
  auto facts = of({healthy(0, 2)});
  facts.unresponsive = {{1, "n\xff", "inspecting /tmp"}};
  facts.folder = FolderFacts{};
  auto const json = nlohmann::json::parse(to_json_text(facts, check_all(facts)));
  CHECK(json.at("schema_version") == 1);
  CHECK(json.at("worst") == "error");
  CHECK(json.at("ranks").size() == 1);
  CHECK(json.at("silent").at(0).at("rank") == 1);
  CHECK(json.at("findings").at(0).at("check") == "mpi.silent");
}
