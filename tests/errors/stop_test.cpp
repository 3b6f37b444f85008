#include "errors/stop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "support/reference.hpp"

using namespace mambasynth;
using namespace std::chrono_literals;

namespace {

struct End {
  int code = -1;
  std::chrono::steady_clock::duration took{};
  std::string printed;
};

/// Runs `body` in a child process and sends it `signal` once it reports that it is ready.
End run_and_signal(int signal, std::function<int(std::function<void()> const& ready)> const& body) {
  int ready[2], printed[2];
  REQUIRE(::pipe(ready) == 0);
  REQUIRE(::pipe(printed) == 0);
  auto const child = ::fork();
  if (child == 0) {
    ::dup2(printed[1], STDERR_FILENO);
    ::close(printed[1]);
    int code = 1;
    try {
      code = body([&] { (void)!::write(ready[1], "r", 1); });
    } catch (errors::Stopped const&) {
      code = static_cast<int>(errors::ExitCode::stopped);
    }
    ::_exit(code);
  }
  ::close(printed[1]);
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  auto const begin = std::chrono::steady_clock::now();
  ::kill(child, signal);
  int status = 0;
  ::waitpid(child, &status, 0);
  End end{
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), std::chrono::steady_clock::now() - begin, {}};
  while (::read(printed[0], &byte, 1) == 1) end.printed += byte;
  for (int const descriptor : {ready[0], ready[1], printed[0]}) ::close(descriptor);
  return end;
}

}  // namespace

TEST_CASE("each stop signal ends a loop that checks for stops with exit code 75") {
  for (int const signal : {SIGTERM, SIGINT, SIGUSR2}) {
    auto const end = run_and_signal(signal, [](auto const& ready) -> int {
      errors::StopSignals const signals;
      errors::StopSignals const inner;  // a verb's, nested in the program's
      ready();
      for (;;) errors::check_stop();
    });
    CHECK(end.code == 75);
    CHECK(end.printed.empty());  // the watcher did not have to end the process
  }
}

TEST_CASE("a stop signal that nothing handles ends the process within seconds, after cleanup, with one line") {
  struct Case {
    char const* what;
    void (*work)();
  };
  Case const cases[] = {{"a loop that never checks",
                         [] {
                           for (std::atomic<int> i = 0;; ++i) {
                           }
                         }},
                        {"a read that blocks forever", [] {
                           int never[2];
                           char byte = 0;
                           (void)!::pipe(never);
                           (void)!::read(never[0], &byte, 1);
                         }}};
  for (auto const& one : cases) {
    INFO(one.what);
    tests::TemporaryFolder const folder;
    auto const file = folder.path() / "cleaned";
    auto const end = run_and_signal(SIGTERM, [&](auto const& ready) -> int {
      errors::StopSignals const signals([&] { std::ofstream(file) << "yes"; });
      ready();
      one.work();
      return 0;
    });
    CHECK(end.code == 75);
    CHECK(end.took > 900ms);
    CHECK(end.took < 5s);
    CHECK(end.printed ==
          "stopped on request (received SIGTERM). Nothing is half-written; run the same command again.\n");
    CHECK(std::filesystem::exists(file));
  }
}

TEST_CASE("a graceful stop has time to save") {
  auto const end = run_and_signal(SIGUSR2, [](auto const& ready) -> int {
    errors::StopSignals const signals;
    errors::GracefulStop const graceful_stop;
    ready();
    std::this_thread::sleep_for(1500ms);
    return errors::stop_signal() == SIGUSR2 ? 7 : 8;
  });
  CHECK(end.code == 7);
}

TEST_CASE("a second interrupt ends the process immediately") {
  auto const end = run_and_signal(SIGINT, [](auto const& ready) -> int {
    errors::StopSignals const signals;
    errors::GracefulStop const graceful_stop;
    ready();
    while (errors::stop_signal() == 0) std::this_thread::sleep_for(1ms);
    std::raise(SIGINT);
    return 0;
  });
  CHECK(end.code == 128 + SIGINT);
}

TEST_CASE("a scoped stop check affects only its own thread") {
  CHECK_NOTHROW(errors::check_stop());
  bool stop = false;
  {
    errors::ScopedStopCheck const stop_check([&] { return stop; });
    CHECK_NOTHROW(errors::check_stop());
    stop = true;
    std::this_thread::sleep_for(30ms);  // it is called about fifty times a second
    CHECK_THROWS_AS(errors::check_stop(), errors::Stopped);
    std::this_thread::sleep_for(30ms);
    std::jthread([] { CHECK_NOTHROW(errors::check_stop()); }).join();
  }
  CHECK_NOTHROW(errors::check_stop());
}

TEST_CASE("a stop flag ends a loop shared by several threads") {
  errors::ScopedStopCheck const stop_check([] { return true; });
  errors::StopFlag stop;
  CHECK_NOTHROW(stop.throw_if_requested());
  std::atomic<int> skipped{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (!stop.requested()) std::this_thread::sleep_for(1ms);
      ++skipped;
    });
  CHECK(stop.requested());
  threads.clear();
  CHECK(skipped == 3);
  CHECK_THROWS_AS(stop.throw_if_requested(), errors::Stopped);
}
