#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "doctor/made_up.hpp"

using namespace mambasynth::doctor;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a program without CUDA is fine unless the job has GPUs") {
  auto facts = of({healthy(0, 1)});
  CHECK(named(check_gpus(facts), "gpu.build").level == Level::note);
  CHECK(check_nccl(facts).empty());
  facts.ranks[0].environment = {{"CUDA_VISIBLE_DEVICES", ""}, {"SLURM_GPUS_ON_NODE", "0"}};
  CHECK(named(check_gpus(facts), "gpu.build").level == Level::note);
  facts.ranks[0].nvidia_driver = "580.1";
  CHECK(named(check_gpus(facts), "gpu.build").level == Level::warning);
  for (auto const* variable : {"SLURM_GPUS_ON_NODE", "SLURM_JOB_GPUS", "CUDA_VISIBLE_DEVICES"}) {
    facts.ranks[0].environment = {{variable, "1"}};
    CHECK(named(check_gpus(facts), "gpu.build").level == Level::error);
  }
}

TEST_CASE("a healthy GPU passes all checks") {
  auto const facts = of({with_gpu(0, 2, "01"), with_gpu(1, 2, "02")});
  CHECK(worst(check_gpus(facts)) == Level::ok);
  CHECK(worst(check_nccl(facts)) == Level::ok);
}

TEST_CASE("each reason why no GPU is visible has its own finding") {
  auto facts = of({with_gpu(0, 1, "01")});
  auto& rank = facts.ranks[0];
  rank.gpu.count = 0;
  rank.gpu.none_because = "no CUDA-capable device is detected";
  rank.gpu.driver_cuda = 12080;
  CHECK_THAT(named(check_gpus(facts), "gpu.driver").text(),
             ContainsSubstring("CUDA up to 12.8, the program needs 13.0"));
  CHECK(worst(check_gpus(facts)) == Level::error);
  rank.gpu.driver_cuda = 13000;
  CHECK(named(check_gpus(facts), "gpu.none").level == Level::warning);
  rank.environment = {{"SLURM_JOB_GPUS", "0"}};
  CHECK(named(check_gpus(facts), "gpu.none").level == Level::error);
  rank.nvidia_driver.clear();
  rank.gpu.driver_cuda = 0;
  CHECK(named(check_gpus(facts), "gpu.driver").level == Level::error);
  rank.environment.clear();
  CHECK(named(check_gpus(facts), "gpu.none").level == Level::note);
}

TEST_CASE("in a container, a GPU that cannot be reached is traced to how the container was started") {
  auto facts = of({with_gpu(0, 1, "01")});
  auto& rank = facts.ranks[0];
  rank.gpu.count = 0;
  rank.gpu.none_because = "no CUDA-capable device is detected";
  rank.gpu.driver_cuda = 0;
  rank.environment = {{"APPTAINER_CONTAINER", "/images/mambasynth-cuda.sif"}};
  auto const found = named(check_gpus(facts), "gpu.container");
  CHECK(found.level == Level::warning);
  CHECK_THAT(found.text(), ContainsSubstring("/images/mambasynth-cuda.sif was started without --nv") &&
                               ContainsSubstring("apptainer exec --nv"));
  rank.environment["SLURM_JOB_GPUS"] = "0";
  CHECK(named(check_gpus(facts), "gpu.container").level == Level::error);
  rank.nvidia_driver.clear();
  rank.environment = {{"SINGULARITY_CONTAINER", "/images/mambasynth-cuda.sif"}};
  CHECK(named(check_gpus(facts), "gpu.none").level == Level::note);
  rank.gpu.driver_cuda = 12080;
  CHECK(named(check_gpus(facts), "gpu.driver").level == Level::error);

  facts = of({healthy(0, 1)});
  facts.ranks[0].environment = {{"APPTAINER_CONTAINER", "/images/mambasynth.sif"}, {"SLURM_JOB_GPUS", "0"}};
  CHECK_THAT(named(check_gpus(facts), "gpu.build").text(), ContainsSubstring("containers/build.sh --cuda"));
}

TEST_CASE("machine code runs within a major version of the architecture, PTX beyond it") {
  auto facts = of({with_gpu(0, 1, "01")});
  auto const level = [&](char const* compiled, char const* card) {
    facts.ranks[0].program.gpu_architectures = compiled;
    facts.ranks[0].gpu.card.architecture = card;
    return worst(check_gpus(facts));
  };
  CHECK(level("90-real 90-virtual 120-real", "120") == Level::ok);
  CHECK(level("90-real 90-virtual 120-real", "100") == Level::ok);
  CHECK(level("90-real 120-real", "100") == Level::error);
  CHECK(level("90-real 90-virtual 120-real", "80") == Level::error);
  CHECK(level("80-real", "86") == Level::ok);
  CHECK(level("86-real", "80") == Level::error);
  CHECK(level("90", "120") == Level::ok);
}

TEST_CASE("each defect of a GPU is reported") {
  auto facts = of({with_gpu(0, 1, "01")});
  auto const healthy_card = facts.ranks[0].gpu.card;
  auto& card = facts.ranks[0].gpu.card;
  card.unusable = "out of memory";
  CHECK(named(check_gpus(facts), "gpu.usable").level == Level::error);
  card = healthy_card;
  card.uncorrected_ecc_errors = 3;
  CHECK(named(check_gpus(facts), "gpu.ecc").level == Level::warning);
  card = healthy_card;
  card.slowed_by = "heat (driver limit)";
  CHECK(named(check_gpus(facts), "gpu.slowed").level == Level::warning);
  card = healthy_card;
  card.memory_free_mb = 10e3;
  CHECK(named(check_gpus(facts), "gpu.memory").level == Level::warning);
}

TEST_CASE("ranks that share a GPU are a warning, ranks that see only their own a note") {
  auto facts = of({with_gpu(0, 2, "01"), with_gpu(1, 2, "01")});
  CHECK(named(check_gpus(facts), "gpu.shared").level == Level::warning);
  CHECK(named(check_gpus(facts), "gpu.shared").ranks == std::vector{0, 1});
  // The same number on another host is another card.
  facts.ranks[1].host = "n2";
  CHECK(named(check_gpus(facts), "gpu.shared").level == Level::ok);
  facts = of({with_gpu(0, 2, "01"), with_gpu(1, 2, "02")});
  CHECK(named(check_gpus(facts), "gpu.hidden").level == Level::ok);
  for (auto& rank : facts.ranks) rank.gpu.count = 1;
  CHECK(named(check_gpus(facts), "gpu.hidden").level == Level::note);
}

TEST_CASE("an NCCL that cannot be loaded is a warning, and variables that override it are named") {
  auto facts = of({with_gpu(0, 1, "01")});
  facts.ranks[0].environment = {{"NCCL_NVLS_ENABLE", "0"}, {"NCCL_SOCKET_IFNAME", "eth0"}};
  CHECK_THAT(named(check_nccl(facts), "nccl.environment").text(),
             ContainsSubstring("NCCL_NVLS_ENABLE=0, NCCL_SOCKET_IFNAME=eth0"));
  facts.ranks[0].gpu.nccl.clear();
  facts.ranks[0].gpu.no_nccl = "libnccl.so.2: cannot open shared object file";
  CHECK(named(check_nccl(facts), "nccl").level == Level::warning);
}
