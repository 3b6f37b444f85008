#include "config/micro_batch.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a rank's share of a batch is halved until single windows are left") {
  config::Train train;
  train.batch_size = 13;
  config::MicroBatchPolicy const micro_batch(train, 2);
  CHECK(micro_batch.most_halvings() == 3);
  CHECK(micro_batch.windows(0) == 0);
  CHECK(micro_batch.windows(1) == 4);
  CHECK(micro_batch.windows(2) == 2);
  CHECK(micro_batch.windows(3) == 1);
  CHECK_THAT(micro_batch.retry_note(0), ContainsSubstring("with 7 windows at once; trying 4"));
  CHECK_THAT(micro_batch.retry_note(2), ContainsSubstring("with 2 windows at once; trying 1"));
  CHECK_THAT(micro_batch.out_of_memory().what(), ContainsSubstring("or start more ranks"));
}

TEST_CASE("the batch of a loss over whole batches is never split") {
  config::Train train;
  train.contrastive_lambda = 1;
  config::MicroBatchPolicy const micro_batch(train, 1);
  CHECK(micro_batch.most_halvings() == 0);
  CHECK_THAT(micro_batch.out_of_memory().what(), !ContainsSubstring("ranks"));
}
