#include "commands/trial_identity.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>

#include <string>

#include "config/config.hpp"
#include "errors/errors.hpp"

using namespace mambasynth;

namespace {

config::Trial resolved() {
  config::Trial trial;
  commands::resolve_precision(trial, "cpu");
  return trial;
}

trial::TrialData series_of(config::Trial const& trial, std::string const& sha256) {
  trial::TrialData data;
  data.data = trial.data;
  data.sha256 = sha256;
  return data;
}

}  // namespace

TEST_CASE("auto precision is bf16 on a GPU and fp32 on the CPU, where bf16 is refused") {
  auto const precision = [](std::string const& given, std::string const& device) {
    config::Trial trial;
    trial.train.precision = given;
    commands::resolve_precision(trial, device);
    return trial.train.precision;
  };
  CHECK(precision("auto", "cuda") == "bf16");
  CHECK(precision("auto", "cpu") == "fp32");
  CHECK(precision("fp32", "cuda") == "fp32");
  CHECK(precision("bf16", "cuda") == "bf16");
  CHECK_THROWS_WITH(precision("bf16", "cpu"),
                    "train.precision = bf16 is not available on the CPU (its kernels compute in fp32). Use --precision "
                    "fp32 or auto.");
}

TEST_CASE("a generated series is identified by its keys, whichever file it was read from") {
  auto const trial = resolved();
  auto from_file = trial;
  from_file.data.path = "somewhere/series.h5";
  auto data = series_of(trial, "ab");
  auto const id = commands::identify(trial, data);
  CHECK(id.size() == 12);
  CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(commands::identify(from_file, data) == id);
  data.sha256 = "cd";
  CHECK(commands::identify(trial, data) == id);
  data.data.seed += 1;  // as the file says
  CHECK(commands::identify(from_file, data) != id);
}

TEST_CASE("a foreign series is identified by its values, whatever the keys") {
  auto const trial = resolved();
  auto others = trial;
  others.data.seed += 1;
  auto data = series_of(trial, "ab");
  data.generated = false;
  auto const id = commands::identify(trial, data);
  CHECK(commands::identify(others, data) == id);
  data.sha256 = "cd";
  CHECK(commands::identify(trial, data) != id);
}
