#include "gates/samples.hpp"

#include <catch2/catch_test_macros.hpp>

#include "errors/errors.hpp"

using namespace mambasynth;

TEST_CASE("gate samples are the original's windows") {
  config::Gates config;
  auto const drawn = gates::choose_samples(100000, 1024, config);
  CHECK(drawn.starts == std::vector<std::int64_t>{512 * 126, 512 * 17, 512 * 149});
  CHECK(drawn.numbers == std::vector<std::int64_t>{0, 1, 2});
  config.sample = 2;
  auto const one = gates::choose_samples(100000, 1024, config);
  CHECK(one.starts == std::vector<std::int64_t>{512 * 149});
  CHECK(one.numbers == std::vector<std::int64_t>{2});
  config.sample = 3;
  CHECK_THROWS_AS(gates::choose_samples(100000, 1024, config), errors::Error);
  config.sample.reset();
  CHECK(gates::choose_samples(1024 + 512, 1024, config).starts.size() == 2);  // there are only two windows
  CHECK_THROWS_AS(gates::choose_samples(1023, 1024, config), errors::Error);
}

TEST_CASE("layers count from 1") {
  config::Gates config;
  for (std::int64_t const layer : {1, 7}) {
    config.layer = layer;
    CHECK_NOTHROW(gates::require_layer(config, 7));
  }
  config.layer = 8;
  CHECK_THROWS_AS(gates::require_layer(config, 7), errors::Error);
}
