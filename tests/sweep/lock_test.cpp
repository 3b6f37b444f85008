#include "sweep/lock.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "store/atomic_file.hpp"
#include "store/process.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace std::chrono_literals;
using sweep::Holder;
using sweep::Lock;
using sweep::LockRules;
using tests::TemporaryFolder;

namespace {

/// The rules with 1/100 of the default times.
LockRules fast() {
  LockRules rules;
  rules.heartbeat = 20ms;
  rules.stale_after = 600ms;
  return rules;
}

void leave_lock(std::filesystem::path const& folder, Holder const& holder) {
  std::ofstream(folder / "lock") << R"({"host":")" << holder.host << R"(","pid":)" << holder.pid
                                 << R"(,"process_start":)" << holder.process_start << R"(,"boot_id":")"
                                 << holder.boot_id << R"(","pid_namespace":")" << holder.pid_namespace
                                 << R"(","time_namespace":")" << holder.time_namespace << R"(","slurm_job":")"
                                 << holder.slurm_job << R"(","slurm_restarts":)" << holder.slurm_restarts
                                 << R"(,"token":"old","heartbeat":5})";
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
  FAIL("the lock was acquired");
  return {};
}

}  // namespace

TEST_CASE("a lock names its holder, has a heartbeat, and is released by its holder") {
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

TEST_CASE("an exception also releases a lock") {
  TemporaryFolder folder;
  try {
    Lock lock(folder.path(), false, fast());
    throw std::runtime_error("while the lock is held");
  } catch (std::runtime_error const&) {
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a second launcher is refused immediately with the holder's name") {
  TemporaryFolder folder;
  Lock lock(folder.path(), false, fast());
  auto const begin = std::chrono::steady_clock::now();
  CHECK_THAT(refusal(folder.path(), fast()),
             Catch::Matchers::ContainsSubstring("process " + std::to_string(::getpid()) + " on "));
  CHECK(std::chrono::steady_clock::now() - begin < 500ms);
  CHECK_FALSE(lock.lost());
}

TEST_CASE("neither a dead process of this host nor a reused process ID holds a lock") {
  TemporaryFolder folder;
  auto const child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  auto dead = sweep::this_process();
  dead.pid = child;
  leave_lock(folder.path(), dead);
  {
    Lock lock(folder.path(), false, fast());
  }
  auto reused = sweep::this_process();
  reused.process_start -= 1;
  leave_lock(folder.path(), reused);
  auto rules = fast();
  rules.stale_after = 1h;
  Lock lock(folder.path(), false, rules);
  CHECK_FALSE(lock.lost());
}

TEST_CASE("only an observer in the same boot and PID namespace can tell that a process is dead") {
  struct Case {
    char const* where;
    std::function<void(Holder&)> change;
    bool gone_when_dead, asked;
  };
  auto const self = sweep::this_process();
  REQUIRE(store::shares_process_ids(self, self));
  Case const cases[] = {
      {"here", [](Holder&) {}, true, true},
      {"here, under another host name (unshare -u)", [](Holder& h) { h.host = "renamed"; }, true, true},
      {"another boot of a host of this name", [](Holder& h) { h.boot_id = "b5ad9a31-0000-0000-0000-000000000000"; },
       false, false},
      {"another container of this boot", [](Holder& h) { h.pid_namespace = "pid:[4026532999]"; }, false, false},
      {"a container without /proc", [](Holder& h) { h.boot_id = h.pid_namespace = ""; }, false, false},
      {"an older version of the program", [](Holder& h) { h.boot_id = h.pid_namespace = h.time_namespace = ""; }, false,
       false},
  };
  for (auto const& one : cases)
    for (bool const lives : {false, true}) {
      INFO(one.where << (lives ? ", alive" : ", dead"));
      auto holder = self;
      one.change(holder);
      int asked = 0;
      LockRules rules;
      rules.process_lives = [&](Holder const&) {
        ++asked;
        return lives;
      };
      CHECK(sweep::is_gone(holder, self, rules) == (!lives && one.gone_when_dead));
      CHECK(asked == (one.asked ? 1 : 0));
      auto blind = self;  // an observer without /proc
      blind.boot_id = blind.pid_namespace = "";
      CHECK_FALSE(sweep::is_gone(holder, blind, rules));
    }
}

TEST_CASE("the start time of a process in another time namespace is not compared") {
  auto other = store::this_process();
  other.process_start += 1000;
  CHECK_FALSE(store::is_running(other));
  other.time_namespace = "time:[4026532999]";
  CHECK(store::is_running(other));
}

TEST_CASE("a live lock of another container is kept; a dead one is taken over once its counter stops") {
  TemporaryFolder folder;
  auto holder = sweep::this_process();
  holder.pid = 1;
  holder.pid_namespace = "pid:[4026532999]";
  holder.token = "old";
  leave_lock(folder.path(), holder);
  {
    std::jthread const beats([&](std::stop_token const& stop) {
      for (int beat = 6; !stop.stop_requested(); ++beat) {
        store::write_atomically(folder.path() / "lock",
                                R"({"host":"x","pid":1,"token":"old","heartbeat":)" + std::to_string(beat) + "}");
        std::this_thread::sleep_for(20ms);
      }
    });
    std::this_thread::sleep_for(50ms);
    CHECK_THAT(refusal(folder.path(), fast()), Catch::Matchers::ContainsSubstring("process 1 on "));
  }
  auto const begin = std::chrono::steady_clock::now();
  Lock lock(folder.path(), false, fast());
  CHECK(std::chrono::steady_clock::now() - begin >= 600ms);
}

TEST_CASE("a file that is not a lock is moved aside immediately") {
  namespace fs = std::filesystem;
  struct Case {
    char const* what;
    std::function<void(fs::path const&)> make;
  };
  Case const cases[] = {
      {"a folder", [](auto const& lock) { fs::create_directory(lock); }},
      {"a folder that holds something", [](auto const& lock) { fs::create_directories(lock / "sub"); }},
      {"a link to nothing", [](auto const& lock) { fs::create_symlink("nowhere", lock); }},
      {"a pipe", [](auto const& lock) { REQUIRE(::mkfifo(lock.c_str(), 0600) == 0); }}};
  for (auto const& one : cases) {
    INFO(one.what);
    TemporaryFolder folder;
    one.make(folder.path() / "lock");
    CHECK_FALSE(sweep::read_lock(folder.path() / "lock"));
    auto rules = fast();
    rules.stale_after = 1h;
    std::string warning;
    rules.warn = [&](std::string const& line) { warning = line; };
    {
      Lock lock(folder.path(), false, rules);
      CHECK(sweep::read_lock(folder.path() / "lock")->pid == ::getpid());
    }
    CHECK_THAT(warning, Catch::Matchers::ContainsSubstring("lock.damaged"));
    CHECK(fs::exists(fs::symlink_status(folder.path() / "lock.damaged")));
  }
}

TEST_CASE("a launcher waiting for a lock stops when requested and leaves no files") {
  TemporaryFolder folder;
  leave_lock(folder.path(), elsewhere());
  auto rules = fast();
  rules.stale_after = 1h;
  auto const begin = std::chrono::steady_clock::now();
  errors::ScopedStopCheck const stop_check([&] { return std::chrono::steady_clock::now() - begin > 100ms; });
  CHECK_THROWS_AS(Lock(folder.path(), false, rules), errors::Stopped);
  CHECK(std::chrono::steady_clock::now() - begin < 1s);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("the next launcher removes the files of one killed while waiting") {
  TemporaryFolder folder;
  auto dead = sweep::this_process();
  dead.process_start -= 1;
  leave_lock(folder.path(), dead);
  std::filesystem::rename(folder.path() / "lock", folder.path() / "lock.0badcafe");
  leave_lock(folder.path(), elsewhere());
  std::filesystem::rename(folder.path() / "lock", folder.path() / "lock.feed5eed");
  Lock lock(folder.path(), false, fast());
  CHECK_FALSE(std::filesystem::exists(folder.path() / "lock.0badcafe"));
  CHECK(std::filesystem::exists(folder.path() / "lock.feed5eed"));
}

TEST_CASE("on other hosts, a lock of an ended Slurm job is stale; for unknown jobs, the counter decides") {
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
  holder.slurm_cluster = "alps";
  CHECK(sweep::is_gone(holder, self, rules_saying(false)));
  self.slurm_cluster = "jura";  // a cluster with the same job IDs
  CHECK_FALSE(sweep::is_gone(holder, self, rules_saying(false)));
}

TEST_CASE("a stale job ID from a shell does not make a live launcher's lock stale") {
  TemporaryFolder folder;
  auto rules = fast();
  rules.job_lives = [](std::string const&) { return std::optional(false); };
  auto const lock_of = [](int beat) {
    return R"({"host":"x","pid":1,"slurm_job":"1","token":"old","heartbeat":)" + std::to_string(beat) + "}";
  };
  {
    std::jthread const beats([&](std::stop_token const& stop) {
      for (int beat = 0; !stop.stop_requested(); ++beat) {
        store::write_atomically(folder.path() / "lock", lock_of(beat));
        std::this_thread::sleep_for(20ms);
      }
    });
    std::this_thread::sleep_for(50ms);
    refusal(folder.path(), rules);
  }
  rules.stale_after = 1h;  // no heartbeat, and the job has ended according to Slurm: no further wait
  Lock lock(folder.path(), false, rules);
}

TEST_CASE("a requeued job takes its folder back; another step of the same run does not") {
  auto rules = fast();
  rules.job_lives = [](std::string const&) -> std::optional<bool> {
    FAIL("Slurm was queried about the observer's own job");
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

TEST_CASE("a lock whose counter does not change for the observer's timeout is stale, whatever the clocks show") {
  TemporaryFolder folder;
  leave_lock(folder.path(), elsewhere());
  int notices = 0;
  auto rules = fast();
  rules.waiting = [&](Holder const& holder) { notices += holder.host == "another-host" ? 1 : 0; };
  auto const begin = std::chrono::steady_clock::now();
  Lock lock(folder.path(), false, rules);
  CHECK(std::chrono::steady_clock::now() - begin >= 600ms);
  CHECK(notices == 1);
}

TEST_CASE("a file that is not a lock counts as one whose counter has stopped") {
  TemporaryFolder folder;
  std::ofstream(folder.path() / "lock") << "half a li";
  Lock lock(folder.path(), false, fast());
  CHECK(sweep::read_lock(folder.path() / "lock")->pid == ::getpid());
}

TEST_CASE("the flag --take-over replaces the lock; the former holder detects it and leaves the new lock alone") {
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

TEST_CASE("of many processes that find the same stale lock, exactly one gets the folder") {
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
        (void)!::read(ready[0], &go, 1);  // closing the pipe starts all of them
        char result = 'n';
        try {
          Lock lock(folder.path(), false, fast());
          result = 'y';
          (void)!::write(results[1], &result, 1);
          std::this_thread::sleep_for(1s);
          if (lock.lost()) (void)!::write(results[1], "l", 1);
          // The lock's destructor runs; _exit skips the test framework's.
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
