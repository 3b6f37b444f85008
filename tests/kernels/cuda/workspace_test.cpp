#include <catch2/catch_test_macros.hpp>

#include <cstdint>

#include "kernels/causal_conv1d.hpp"
#include "kernels/gelu.hpp"
#include "kernels/horizon_loss.hpp"
#include "kernels/residual_norm.hpp"
#include "kernels/selective_scan.hpp"
#include "kernels/slowness.hpp"

using namespace mambasynth;
namespace cuda = kernels::cuda;

namespace {

/// The scratch memory is allocated for a full batch, and the last batch of an epoch is short.
template <class Bytes>
void check_every_smaller_batch(Bytes const& bytes) {
  for (std::int64_t const full : {1, 16, 100, 128, 512}) {
    auto const enough = bytes(full);
    std::int64_t first_too_large = -1;
    for (std::int64_t batch = 0; batch < full && first_too_large < 0; ++batch)
      if (bytes(batch) > enough) first_too_large = batch;
    INFO("a full batch of " << full);
    CHECK(first_too_large == -1);
  }
}

}  // namespace

TEST_CASE("Scratch memory of the scan's backward is enough for its forward") {
  for (std::int64_t const batch : {0, 1, 8, 128})
    for (std::int64_t const time : {0, 64, 1024, 16384})
      for (std::int64_t const states : cuda::scan_states)
        CHECK(cuda::scan_workspace_bytes<kernels::BFloat16>({batch, time, 256, states}) >=
              cuda::scan_forward_workspace_bytes<kernels::BFloat16>({batch, time, 256, states}));
}

TEST_CASE("Scratch memory for a full batch is enough for every smaller one") {
  for (std::int64_t const time : {1, 64, 1000, 1024, 5000}) {
    INFO("time " << time);
    check_every_smaller_batch([&](auto b) { return cuda::horizon_loss_workspace_bytes({b, time, 20, 24, 1}); });
    check_every_smaller_batch([&](auto b) { return cuda::conv_workspace_bytes({b, time, 256, 4}); });
    check_every_smaller_batch([&](auto b) { return cuda::conv_workspace_bytes({b, time, 12, 4}); });
    check_every_smaller_batch([&](auto b) { return cuda::residual_norm_workspace_bytes({b, time, 128}); });
    check_every_smaller_batch([&](auto b) { return cuda::slowness_workspace_bytes({b, time, 128}); });
    check_every_smaller_batch([&](auto b) { return cuda::gelu_workspace_bytes(b * time, 512); });
    check_every_smaller_batch(
        [&](auto b) { return cuda::scan_workspace_bytes<kernels::BFloat16>({b, time, 256, 32}); });
    check_every_smaller_batch([&](auto b) { return cuda::scan_workspace_bytes<float>({b, time, 256, 8}); });
    check_every_smaller_batch([&](auto b) { return cuda::scan_forward_workspace_bytes<float>({b, time, 256, 8}); });
    check_every_smaller_batch([&](auto b) { return cuda::scan_saved_bytes<float>({b, time, 256, 8}); });
  }
}
