#include <fstream>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "errors/errors.hpp"
#include "support/reference.hpp"
#include "sweep/lock.hpp"

using namespace mambasynth;
using namespace std::chrono_literals;
using sweep::Holder;
using sweep::Lock;
using sweep::LockRules;
using tests::TemporaryFolder;

namespace {

/// The rules at a hundredth of their times.
LockRules fast() {
  LockRules rules;
  rules.heartbeat = 20ms;
  rules.stale_after = 600ms;
  return rules;
}

void leave_lock(std::filesystem::path const& folder, Holder const& holder) {
  std::ofstream(folder / "lock") << R"({"host":")" << holder.host << R"(","pid":)" << holder.pid << R"(,"process_start":)"
                                 << holder.process_start << R"(,"slurm_job":")" << holder.slurm_job << R"(","slurm_restarts":)"
                                 << holder.slurm_restarts << R"(,"token":"old","heartbeat":5})";
}

Holder elsewhere() {
  Holder holder;
  holder.host = "another-host";
  holder.pid = 1;
  return holder;
}

std::string refusal(std::filesystem::path const& folder, LockRules const& rules) {
  try {
    Lock lock(folder, false, rules);
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::usage);
    return error.what();
  }
  FAIL("the lock was given");
  return {};
}

}  // namespace

TEST_CASE("a lock says who holds it, beats, and goes when its holder goes") {
  TemporaryFolder folder;
  {
    Lock lock(folder.path(), false, fast());
    auto const first = sweep::read_lock(folder.path() / "lock");
    REQUIRE(first);
    CHECK(first->pid == ::getpid());
    std::this_thread::sleep_for(200ms);
    CHECK(sweep::read_lock(folder.path() / "lock")->heartbeat > first->heartbeat);
    CHECK_FALSE(lock.lost());
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a lock goes with an exception, too") {
  TemporaryFolder folder;
  try {
    Lock lock(folder.path(), false, fast());
    throw std::runtime_error("on the way");
  } catch (std::runtime_error const&) {
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a second launcher is refused with the holder's name, at once") {
  TemporaryFolder folder;
  Lock lock(folder.path(), false, fast());
  auto const begin = std::chrono::steady_clock::now();
  CHECK_THAT(refusal(folder.path(), fast()), Catch::Matchers::ContainsSubstring("process " + std::to_string(::getpid()) + " on "));
  CHECK(std::chrono::steady_clock::now() - begin < 500ms);
  CHECK_FALSE(lock.lost());
}

TEST_CASE("a dead process of this host holds nothing, a reused process id neither") {
  TemporaryFolder folder;
  auto const child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  auto dead = sweep::this_process();
  dead.pid = child;
  leave_lock(folder.path(), dead);
  { Lock lock(folder.path(), false, fast()); }
  auto reused = sweep::this_process();
  reused.process_start -= 1;
  leave_lock(folder.path(), reused);
  auto rules = fast();
  rules.stale_after = 1h;
  Lock lock(folder.path(), false, rules);
  CHECK_FALSE(lock.lost());
}

TEST_CASE("Slurm tells of other hosts: ended jobs hold nothing, unknown ones wait for the counter") {
  auto const rules_saying = [](std::optional<bool> lives) {
    auto rules = fast();
    rules.job_lives = [lives](std::string const& job) {
      CHECK(job == "77");
      return lives;
    };
    return rules;
  };
  auto holder = elsewhere();
  holder.slurm_job = "77";
  Holder self = sweep::this_process();
  self.slurm_job = "";
  CHECK(sweep::is_gone(holder, self, rules_saying(false)));
  CHECK_FALSE(sweep::is_gone(holder, self, rules_saying(true)));
  CHECK_FALSE(sweep::is_gone(holder, self, rules_saying(std::nullopt)));
}

TEST_CASE("our own job, requeued, takes its folder back; another step of the same run does not") {
  auto rules = fast();
  rules.job_lives = [](std::string const&) -> std::optional<bool> {
    FAIL("Slurm was asked about the job that asks");
    return true;
  };
  auto holder = elsewhere();
  holder.slurm_job = "77";
  auto self = sweep::this_process();
  self.slurm_job = "77";
  self.slurm_restarts = 1;
  CHECK(sweep::is_gone(holder, self, rules));
  holder.slurm_restarts = 1;
  CHECK_FALSE(sweep::is_gone(holder, self, rules));
}

TEST_CASE("a counter that stands still for the observer's time is stale, whatever clocks say") {
  TemporaryFolder folder;
  leave_lock(folder.path(), elsewhere());
  int told = 0;
  auto rules = fast();
  rules.waiting = [&](Holder const& holder) { told += holder.host == "another-host" ? 1 : 0; };
  auto const begin = std::chrono::steady_clock::now();
  Lock lock(folder.path(), false, rules);
  CHECK(std::chrono::steady_clock::now() - begin >= 600ms);
  CHECK(told == 1);
}

TEST_CASE("a file that is no lock counts as one that stands still") {
  TemporaryFolder folder;
  std::ofstream(folder.path() / "lock") << "half a li";
  Lock lock(folder.path(), false, fast());
  CHECK(sweep::read_lock(folder.path() / "lock")->pid == ::getpid());
}

TEST_CASE("the flag --take-over forces; the former holder learns of it and leaves the new lock alone") {
  TemporaryFolder folder;
  auto former = std::make_unique<Lock>(folder.path(), false, fast());
  auto const old_token = sweep::read_lock(folder.path() / "lock")->token;
  Lock lock(folder.path(), true, fast());
  std::this_thread::sleep_for(200ms);
  CHECK(former->lost());
  former.reset();
  auto const now = sweep::read_lock(folder.path() / "lock");
  REQUIRE(now);
  CHECK(now->token != old_token);
  CHECK_FALSE(lock.lost());
}

TEST_CASE("of many processes that find the same stale lock exactly one gets the folder") {
  for (int round = 0; round < 10; ++round) {
    TemporaryFolder folder;
    if (round % 2 == 0) {
      auto dead = sweep::this_process();
      dead.process_start -= 1;
      leave_lock(folder.path(), dead);
    }
    int ready[2];
    int results[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(results) == 0);
    constexpr int racers = 6;
    std::vector<pid_t> children;
    for (int i = 0; i < racers; ++i) {
      auto const child = ::fork();
      if (child == 0) {
        char go = 0;
        ::close(ready[1]);
        (void)!::read(ready[0], &go, 1);  // the end of the pipe starts all
        char result = 'n';
        try {
          Lock lock(folder.path(), false, fast());
          result = 'y';
          (void)!::write(results[1], &result, 1);
          std::this_thread::sleep_for(1s);
          if (lock.lost()) (void)!::write(results[1], "l", 1);
          // Its destructor runs; _exit skips the test framework's.
        } catch (errors::Error const&) {
          (void)!::write(results[1], &result, 1);
        }
        ::_exit(0);
      }
      children.push_back(child);
    }
    ::close(ready[0]);
    ::close(ready[1]);
    ::close(results[1]);
    std::string all;
    for (char c = 0; ::read(results[0], &c, 1) == 1;) all += c;
    ::close(results[0]);
    for (auto const child : children) ::waitpid(child, nullptr, 0);
    CHECK(std::count(all.begin(), all.end(), 'y') == 1);
    CHECK(std::count(all.begin(), all.end(), 'n') == racers - 1);
    CHECK(std::filesystem::is_empty(folder.path()));
  }
}
