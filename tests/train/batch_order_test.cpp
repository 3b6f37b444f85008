#include "train/batch_order.hpp"

#include <catch2/catch_test_macros.hpp>

#include "series/windows.hpp"

using namespace mambasynth;
using train::BatchOrder;
using Windows = std::vector<std::int64_t>;

namespace {

/// One 32-bit draw for each initial value of the reference model (d_model 128, 7 layers, 32 states).
std::uint64_t initial_draws() {
  std::uint64_t const input = 128 * 20 + 128;
  std::uint64_t const block = 512 * 128 + (256 * 4 + 256) + 72 * 256 + (256 * 8 + 256) + 256 * 8 + 256 + 128 * 256;
  std::uint64_t const head = (512 * 128 + 512) + (20 * 512 + 20);
  return input + 7 * block + head;
}

BatchOrder order_of(bool workers, bool train_eval = false) {
  mambasynth::random::Mt19937 generator(42);
  generator.discard(initial_draws());
  return {generator, {.train_windows = 349, .workers = workers, .train_eval = train_eval}};
}

/// The first window numbers of an epoch.
Windows first(std::size_t count, std::vector<std::int64_t> const& order) {
  auto const split = series::split_random(100000, 1024, 256, 0.1, 42);
  Windows windows;
  for (std::size_t i = 0; i < count; ++i) windows.push_back(split.train[static_cast<std::size_t>(order[i])] / 256);
  return windows;
}

}  // namespace

TEST_CASE("batches come in the original's order, with workers") {
  auto order = order_of(true);
  CHECK(first(6, order.next_epoch()) == Windows{297, 89, 10, 93, 0, 384});
  CHECK(first(6, order.next_epoch()) == Windows{257, 26, 183, 65, 54, 277});
  CHECK(first(3, order.next_epoch()) == Windows{311, 193, 144});
}

TEST_CASE("batches come in the original's order, without workers") {
  auto order = order_of(false);
  CHECK(first(6, order.next_epoch()) == Windows{297, 89, 10, 93, 0, 384});
  CHECK(first(6, order.next_epoch()) == Windows{311, 193, 144, 335, 317, 203});
  CHECK(first(3, order.next_epoch()) == Windows{130, 356, 223});
}

TEST_CASE("a second pass over the training windows draws one more epoch seed") {
  // With workers the draws are base, epoch 1, validation's base, epoch 2, epoch 3, ...; the second pass inserts one, so
  // that epoch 2 gets what was epoch 3's.
  auto plain = order_of(true);
  auto with_pass = order_of(true, true);
  CHECK(with_pass.next_epoch() == plain.next_epoch());
  plain.next_epoch();
  CHECK(with_pass.next_epoch() == plain.next_epoch());
}

TEST_CASE("a batch order resumes from its saved generator") {
  for (bool const workers : {true, false}) {
    auto order = order_of(workers);
    order.next_epoch();
    BatchOrder resumed(order.generator(), {.train_windows = 349, .workers = workers}, true);
    CHECK(resumed.next_epoch() == order.next_epoch());
    CHECK(resumed.next_epoch() == order.next_epoch());
  }
}
