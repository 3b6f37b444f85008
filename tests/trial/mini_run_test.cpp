#include "trial/mini_run.hpp"

using namespace mambasynth;

TEST_CASE("ten epochs reproduce the original's curve, gradients and weights") {
  tests::check_mini_run(train::host_learner);
}
