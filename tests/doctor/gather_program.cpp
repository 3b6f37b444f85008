// Gathers the facts of ranks, one of which may hang: see gather_test.cpp.
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "doctor/checks.hpp"
#include "doctor/gather.hpp"
#include "doctor/report.hpp"
#include "errors/errors.hpp"
#include "parallel/session.hpp"

using namespace mambasynth;

namespace {

void sleep_forever() { std::this_thread::sleep_for(std::chrono::hours(1)); }

}  // namespace

int main(int, char** argv) {
  std::string const mode = argv[1];
  parallel::Session session;
  auto const rank = session.world().rank();
  return session.run(
      [&]() -> int {
        if (mode == "gone" && rank == 1) sleep_forever();
        doctor::Settings settings;
        settings.out = argv[2];
        settings.timeout = 1.5;
        settings.inspect = [&, stuck = mode == "stuck" && rank == 1](doctor::RankFacts& facts, auto const& doing) {
          doing("querying the GPU driver");
          if (stuck) sleep_forever();
          facts.host = "host" + std::to_string(facts.rank / 2);
          facts.cores = {facts.rank};
        };
        auto const facts = doctor::gather_facts(session.world(), settings);
        if (rank != 0) return 0;
        std::printf("%s", doctor::to_text(facts, doctor::check_all(facts)).c_str());
        std::fflush(stdout);
        if (!facts.unresponsive.empty()) throw errors::machine("a rank does not respond", "as requested", "Read on");
        return 0;
      },
      0.5);
}
