// Collectives of a group of ranks, run under the launcher by group_test.cpp.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "errors/errors.hpp"
#include "parallel/group.hpp"
#include "parallel/session.hpp"

using namespace mambasynth;

namespace {

/// Values whose sum depends on the order of additions.
std::vector<float> values(int rank, std::size_t count) {
  std::vector<float> all(count);
  for (std::size_t i = 0; i < count; ++i)
    all[i] = (rank % 2 ? -1.0F : 1.0F) * (1e7F / static_cast<float>(rank + 1) + static_cast<float>(i) / 3);
  return all;
}

std::vector<float> summed_in_order(std::vector<int> const& ranks, std::size_t count) {
  auto total = values(ranks.front(), count);
  for (std::size_t r = 1; r < ranks.size(); ++r) {
    auto const next = values(ranks[r], count);
    for (std::size_t i = 0; i < count; ++i) total[i] += next[i];
  }
  return total;
}

bool same(std::vector<float> const& a, std::vector<float> const& b) {
  // Not memcmp, which does not accept a null pointer: an empty vector's data() may be null.
  return std::ranges::equal(a, b, {}, std::bit_cast<std::uint32_t, float>, std::bit_cast<std::uint32_t, float>);
}

int sums(parallel::Session& session, std::vector<int> const& ranks) {
  auto const& world = session.world();
  if (std::find(ranks.begin(), ranks.end(), world.rank()) == ranks.end()) return 0;
  // Twice: the second group's messages must not be mistaken for the first one's.
  for (std::int64_t number = 1; number <= 2; ++number) {
    parallel::Group group(world, ranks, number, 20);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::vector<float>> under_way;
      std::vector<std::size_t> const counts{1000, 0, 1, 5, 70001};
      for (auto const count : counts) under_way.push_back(values(world.rank(), count));
      for (auto& each : under_way) {
        group.begin_all_reduce(each);
        group.progress();
      }
      group.wait_all();
      for (std::size_t i = 0; i < counts.size(); ++i)
        if (!same(under_way[i], summed_in_order(ranks, counts[i]))) return 1;
      std::vector<double> wide{0.5, static_cast<double>(world.rank())};
      group.all_reduce(wide);
      if (wide[0] != 0.5 * static_cast<double>(ranks.size()) ||
          wide[1] != std::accumulate(ranks.begin(), ranks.end(), 0.0))
        return 1;
      std::array<std::byte, 3> word{std::byte(group.rank()), std::byte(round), std::byte(7)};
      group.broadcast(word);
      if (word != std::array{std::byte(0), std::byte(round), std::byte(7)}) return 1;
    }
  }
  if (world.rank() == ranks.front()) std::printf("sums agree\n");
  return 0;
}

/// One rank hangs, or fails.
int without_one(parallel::Session& session, bool silent, bool memory) {
  auto const& world = session.world();
  std::vector<int> ranks(static_cast<std::size_t>(world.size()));
  std::iota(ranks.begin(), ranks.end(), 0);
  parallel::Group group(world, ranks, 3, 1);
  if (world.rank() == 1) {
    if (silent) std::this_thread::sleep_for(std::chrono::seconds(3));
    else
      group.report_failure(memory ? parallel::PeerFailed::Cause::memory : parallel::PeerFailed::Cause::error,
                           "its disk is full");
    return 0;
  }
  auto mine = values(world.rank(), 1000);
  try {
    group.begin_all_reduce(mine);
    group.wait_all();
  } catch (parallel::PeerFailed const& error) {
    std::printf("%s%s\n", error.what(), error.cause() == parallel::PeerFailed::Cause::memory ? " (memory)" : "");
    return 0;
  } catch (errors::Error const& error) {
    std::printf("%s\n", error.what());
    return 0;
  }
  return 1;
}

}  // namespace

int main(int, char** argv) {
  std::string const mode = argv[1];
  parallel::Session session;
  return session.run([&]() -> int {
    if (mode == "all") {
      std::vector<int> ranks(static_cast<std::size_t>(session.world().size()));
      std::iota(ranks.begin(), ranks.end(), 0);
      return sums(session, ranks);
    }
    if (mode == "some") return sums(session, {3, 1});
    return without_one(session, mode == "silent", mode == "memory");
  });
}
