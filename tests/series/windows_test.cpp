#include "series/windows.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

#include "errors/errors.hpp"

using namespace mambasynth;
using namespace mambasynth::series;
using Catch::Matchers::ContainsSubstring;
using Starts = std::vector<std::int64_t>;

TEST_CASE("windows start at multiples of the stride and end inside") {
  CHECK(window_starts(10, 4, 3) == Starts{0, 3, 6});
  CHECK(window_starts(4, 4, 1) == Starts{0});
  CHECK(window_starts(100000, 1024, 256).size() == 387);
  CHECK(window_starts(100000, 64, 512).size() == 196);
  CHECK(window_starts(100000, 1024, 1024).size() == 97);
}

TEST_CASE("a series shorter than a window is rejected") {
  CHECK_THROWS_WITH(window_starts(10, 11, 1), ContainsSubstring("10 steps") && ContainsSubstring("seq_len is 11"));
  CHECK_THROWS_WITH(split_blocked(10, 11, 1, 0.1), ContainsSubstring("shorter than one window"));
  try {
    split_random(10, 11, 1, 0.1, 42);
    FAIL("no error");
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::input);
  }
}

TEST_CASE("the random split of the reference setting is the original's") {
  auto const split = split_random(100000, 1024, 256, 0.1, 42);
  Starts expected{131, 19,  379, 21,  198, 20,  117, 211, 129, 314, 219, 261, 123, 101, 74,  50,  141, 221, 181,
                  87,  201, 81,  386, 227, 115, 104, 196, 225, 222, 202, 215, 153, 337, 109, 173, 43,  238, 146};
  for (auto& index : expected) index *= 256;
  CHECK(split.validation == expected);
  CHECK(split.train.size() == 349);
  auto all = split.train;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  std::sort(all.begin(), all.end());
  CHECK(all == window_starts(100000, 1024, 256));
}

TEST_CASE("the random split keeps at least one validation window and one for training") {
  CHECK(split_random(300, 64, 64, 0.1, 1).validation.size() == 1);
  CHECK(split_random(100000, 64, 512, 0.1, 42).train.size() == 177);
  CHECK_THROWS_WITH(split_random(64, 64, 64, 0.1, 1), ContainsSubstring("no window is left for training"));
}

TEST_CASE("the blocked split leaves a gap of exactly seq_len and never overlaps") {
  for (std::int64_t const n : {100000, 54321, 4000})
    for (std::int64_t const seq_len : {1, 64, 300})
      for (std::int64_t const stride : {1, 64, 97})
        for (double const fraction : {0.1, 0.25}) {
          CAPTURE(n, seq_len, stride, fraction);
          auto const split = split_blocked(n, seq_len, stride, fraction);
          auto const first_validation = n - static_cast<std::int64_t>(fraction * static_cast<double>(n));
          CHECK(split.train.front() == 0);
          CHECK(split.validation.front() == first_validation);
          CHECK(split.train.back() + seq_len <= first_validation - seq_len);
          CHECK(split.train.back() + stride + seq_len > first_validation - seq_len);  // no further one would fit
          CHECK(split.validation.back() + seq_len <= n);
          CHECK(split.validation.back() + stride + seq_len > n);
          for (std::size_t i = 1; i < split.train.size(); ++i) REQUIRE(split.train[i] - split.train[i - 1] == stride);
          for (std::size_t i = 1; i < split.validation.size(); ++i)
            REQUIRE(split.validation[i] - split.validation[i - 1] == stride);
        }
}

TEST_CASE("the gap is not a step longer") {
  // 100 steps: validation 90 .. 99, gap 80 .. 89, training 0 .. 79 holds a window that ends at 79.
  auto const split = split_blocked(100, 10, 10, 0.1);
  CHECK(split.train == Starts{0, 10, 20, 30, 40, 50, 60, 70});
  CHECK(split.validation == Starts{90});
}

TEST_CASE("errors distinguish a missing training window from a missing validation window") {
  CHECK_THROWS_WITH(split_blocked(1000, 200, 10, 0.1), ContainsSubstring("no validation window fits"));
  CHECK_THROWS_WITH(split_blocked(1000, 400, 10, 0.5), ContainsSubstring("no training window fits"));
  CHECK_THROWS_WITH(split_blocked(1000, 100, 10, 0.0), ContainsSubstring("no validation window fits"));
}

TEST_CASE("no window crosses the border of a segment") {
  CHECK(window_starts({30, 3}, 4, 3) == Starts{0, 3, 6, 10, 13, 16, 20, 23, 26});
  CHECK_THROWS_WITH(window_starts({30, 3}, 11, 1), ContainsSubstring("each has 10 steps"));
  auto const random = split_random({30, 3}, 4, 3, 0.4, 1);
  auto all = random.train;
  all.insert(all.end(), random.validation.begin(), random.validation.end());
  std::sort(all.begin(), all.end());
  CHECK(all == window_starts({30, 3}, 4, 3));
}

TEST_CASE("whole segments are held out for validation") {
  auto const split = split_blocked({50, 5}, 4, 4, 0.1);
  CHECK(split.train == Starts{0, 4, 10, 14, 20, 24, 30, 34});
  CHECK(split.validation == Starts{40, 44});
  CHECK(split_blocked({50, 5}, 4, 4, 0.5).validation == Starts{30, 34, 40, 44});
  CHECK_THROWS_WITH(split_blocked({20, 2}, 4, 4, 0), ContainsSubstring("left for validation"));
}

TEST_CASE("the end of a recording is held out for test, a window away from the rest") {
  auto const parts = hold_out(100, 8, 0.2);
  CHECK(parts.development.steps == 100 - 20 - 8);
  CHECK(parts.test == Starts{80, 88});
  auto const none = hold_out(100, 8, 0);
  CHECK((none.test.empty() && none.development.steps == 100));
  auto const trials = hold_out({100, 10}, 4, 0.25);
  CHECK((trials.development.steps == 80 && trials.development.count == 8));
  CHECK(trials.test == Starts{80, 84, 90, 94});
  CHECK_THROWS_WITH(hold_out(100, 8, 0.07), ContainsSubstring("no test window fits") && ContainsSubstring("7 steps"));
  CHECK_THROWS_WITH(hold_out(30, 8, 0.6), ContainsSubstring("nothing is left for training"));
  CHECK_THROWS_WITH(hold_out({10, 1}, 11, 0.5), ContainsSubstring("shorter than one window"));
}
