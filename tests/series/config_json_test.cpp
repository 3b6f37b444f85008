#include "series/config_json.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fstream>
#include <iterator>

#include "errors/errors.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::series;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

TEST_CASE("config.json is the original's, byte for byte") {
  auto const file = tests::reference_file("config.json");
  if (file.empty()) SKIP("no reference config.json");
  std::ifstream stream(file, std::ios::binary);
  CHECK(to_config_json({}) == std::string(std::istreambuf_iterator<char>(stream), {}));
}

TEST_CASE("numbers are written as Python writes them") {
  config::Data data;
  data.radius_mean = 3;
  data.radius_std = 1e-7;
  data.noise_std = 1e22;
  data.dwell_mean = 400.5;
  data.subspace_dim = 4;
  auto const text = to_config_json(data);
  CHECK_THAT(text, ContainsSubstring("\"radius_mean\": 3.0,"));
  CHECK_THAT(text, ContainsSubstring("\"radius_std\": 1e-07,"));
  CHECK_THAT(text, ContainsSubstring("\"noise_std\": 1e+22,"));
  CHECK_THAT(text, ContainsSubstring("\"dwell_mean\": 400.5,"));
  CHECK_THAT(text, ContainsSubstring("\"dwell_std\": 100,"));
  CHECK_THAT(text, ContainsSubstring("\"subspace_dim\": 4,"));
  CHECK_THAT(text, EndsWith("\"seed\": 42\n}"));
}

TEST_CASE("config.json reads back, including the keys of a separate path") {
  config::Data data;
  data.seed = 5;
  data.subspace_dim = 7;
  data.path_seed = 9;
  data.test_n_steps = 1000;
  auto const read = from_config_json(to_config_json(data), "config.json");
  CHECK(to_config_json(read) == to_config_json(data));
  CHECK(read.path_seed == 9);
  CHECK_FALSE(read.test_path_seed.has_value());
}

TEST_CASE("an error about a damaged config.json names the file and the key") {
  CHECK_THROWS_WITH(from_config_json("{\"n_steps\": 3", "here.json"), ContainsSubstring("here.json"));
  CHECK_THROWS_WITH(from_config_json("{\"n_steps\": 3}", "here.json"), ContainsSubstring("'n_circles' is missing"));
  CHECK_THROWS_WITH(from_config_json("{\"n_steps\": \"3\"}", "here.json"), ContainsSubstring("'n_steps'"));
  auto text = to_config_json({});
  text.replace(text.find("100000"), 6, "-5");
  CHECK_THROWS_WITH(from_config_json(text, "here.json"), ContainsSubstring("n_steps = -5 is out of bounds"));
}

TEST_CASE("config.json contains a drift only if there is one") {
  config::Data data;
  CHECK(to_config_json(data).find("drift_std") == std::string::npos);
  data.drift_std = 0.5;
  CHECK(from_config_json(to_config_json(data), "config.json").drift_std == 0.5);
}
