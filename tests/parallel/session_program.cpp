// How one rank affects the others, run under the launcher by session_test.cpp.
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

#include "errors/errors.hpp"
#include "parallel/session.hpp"

using mambasynth::parallel::Session;

namespace {

/// Sends a message around the ring; each rank appends its number.
int ring(Session& session) {
  auto const& world = session.world();
  auto const next = (world.rank() + 1) % world.size();
  if (world.rank() == 0) world.send(next, 5, std::string("0\0", 2));
  for (;;) {
    auto message = world.try_receive();
    if (!message) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    if (message->tag != 5) return 1;
    if (world.rank() == 0) {
      std::printf("ring of %zu bytes from %d, local %d of %d\n", message->bytes.size(), message->source,
                  world.local_rank(), world.local_size());
      return 0;
    }
    world.send(next, 5, message->bytes + std::to_string(world.rank()));
    return 0;
  }
}

}  // namespace

int main(int, char** argv) {
  std::string const mode = argv[1];
  Session session;
  auto const rank = session.world().rank();
  return session.run(
      [&]() -> int {
        if (mode == "ring") return ring(session);
        if (mode == "codes") return rank == 1 ? 4 : 0;
        if (mode == "all") throw mambasynth::errors::usage("a misspelled flag", "every rank reads it", "Correct it");
        if (mode == "one" && rank == 1) throw std::runtime_error("rank one is broken");
        if (mode == "one") std::this_thread::sleep_for(std::chrono::seconds(60));
        return 0;
      },
      0.5);
}
