#include "sweep/rank_watch.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include "store/process.hpp"

using namespace mambasynth;

namespace {

constexpr double timeout = 0.1;
constexpr double never = 1e6;

void wait_past_timeout() { std::this_thread::sleep_for(std::chrono::duration<double>(1.5 * timeout)); }

}  // namespace

TEST_CASE("a rank that sends nothing for the timeout is silent until it counts as lost; rank 0 never is") {
  sweep::RankWatch ranks(4, timeout);
  CHECK(ranks.silent().empty());
  wait_past_timeout();
  ranks.heard(2);
  CHECK(ranks.silent() == std::vector{1, 3});
  CHECK(ranks.silent().empty());  // so soon it does not look again
  wait_past_timeout();
  CHECK(ranks.lose(1));
  CHECK_FALSE(ranks.lose(1));
  CHECK(ranks.silent() == std::vector{2, 3});
  CHECK(ranks.lost() == std::set{1});
  CHECK(ranks.left() == 3);
}

TEST_CASE("a lost rank is sent no messages until it turns out to be slow") {
  sweep::RankWatch ranks(3, never);
  CHECK(ranks.answers(1));
  ranks.lose(1);
  CHECK(ranks.is_lost(1));
  CHECK_FALSE(ranks.answers(1));
  CHECK(ranks.answers(2));
  CHECK(ranks.was_slow(1));
  CHECK_FALSE(ranks.was_slow(1));
  CHECK(ranks.answers(1));
  CHECK(ranks.is_lost(1));
}

TEST_CASE("a lost rank may live unless its process has ended here or it was only slow") {
  sweep::RankWatch ranks(4, never);
  CHECK_FALSE(ranks.lost_may_live());
  auto const here = store::this_process();
  ranks.runs_as(1, here);
  CHECK(ranks.host_of(1) == here.host);
  CHECK(ranks.host_of(2).empty());
  CHECK_FALSE(ranks.lost_may_live());
  auto ended = here;
  ended.process_start += 1;  // another process had this number
  ranks.runs_as(2, ended);
  ranks.lose(2);
  CHECK_FALSE(ranks.lost_may_live());
  ranks.lose(1);
  CHECK(ranks.lost_may_live());
  ranks.was_slow(1);
  CHECK_FALSE(ranks.lost_may_live());
  ranks.lose(3);  // nothing is known of its process
  CHECK(ranks.lost_may_live());
}
