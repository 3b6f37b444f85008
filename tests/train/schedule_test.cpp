#include "train/schedule.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace mambasynth;
using Catch::Approx;

namespace {

config::Train settings(std::string const& floor, std::int64_t warmup = 20, std::int64_t epochs = 500) {
  config::Train train;
  train.lr_floor = floor;
  train.warmup_epochs = warmup;
  train.epochs = epochs;
  return train;
}

}  // namespace

TEST_CASE("warm-up starts at 1 % and the cosine ends near its floor") {
  train::Schedule const schedule(settings("global"));
  CHECK(schedule.lr(1, 1) == Approx(3e-6).epsilon(1e-12));
  CHECK(schedule.lr(2, 1) == Approx(1.785e-5).epsilon(1e-12));
  CHECK(schedule.lr(21, 1) == Approx(3e-4).epsilon(1e-12));
  CHECK(schedule.lr(493, 1) == Approx(3.203514088945785e-06).epsilon(1e-12));
}

TEST_CASE("with the original's floor, a rate factor of 0 creeps up; with ours, it stays 0") {
  train::Schedule const original(settings("global"));
  CHECK(original.lr(20, 0) == 0);
  CHECK(original.lr(260, 0) == Approx(1.49e-6).epsilon(5e-3));
  CHECK(original.lr(494, 0) == Approx(2.998e-6).epsilon(1e-3));
  train::Schedule const ours(settings("group"));
  for (std::int64_t epoch = 1; epoch <= 501; ++epoch) CHECK(ours.lr(epoch, 0) == 0);
  CHECK(ours.lr(501, 0.1) == Approx(3e-7).epsilon(1e-9));
}

TEST_CASE("training that ends during or with its warm-up has a rate for every epoch") {
  train::Schedule const inside(settings("group", 20, 5));
  CHECK(inside.lr(5, 1) == Approx(3e-4 * (0.01 + 0.99 * 4 / 20)));
  train::Schedule const with(settings("group", 5, 5));
  CHECK(with.lr(6, 1) == Approx(3e-6));
  CHECK(train::Schedule(settings("group", 0, 10)).lr(1, 1) == Approx(3e-4));
  CHECK(train::Schedule(settings("global", 0, 10)).lr(4, 1) == Approx(3e-6));
}

TEST_CASE("every group has its own learning rate, and that of a frozen A is 0") {
  using enum model::ParameterGroup;
  auto train = settings("global");
  train.gate_lr_factor = 0.1;
  for (bool const freeze_A : {false, true}) {
    train.freeze_a = freeze_A;
    train::Schedule const schedule(train);
    auto const lr = schedule.at(260), peak = schedule.peak();
    CHECK(lr[base] == schedule.lr(260, 1));
    CHECK(lr[gates] == schedule.lr(260, 0.1));
    CHECK(lr[A] == (freeze_A ? 0 : lr[base]));
    CHECK(peak[base] == 3e-4);
    CHECK(peak[gates] == 3e-4 * 0.1);
  }
}
