#include "kernels/augment.hpp"

#include "kernels/cuda/comparison.hpp"
#include "kernels/cuda/step_state.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::Augmentation;
using kernels::AugmentShape;
using kernels::BFloat16;

namespace {

/// Batch 2 of an epoch, at step 77, windows from 3 on in a batch of 6.
template <class T>
void compare(AugmentShape const& s, bool rotate, bool scale, double noise) {
  INFO("channels " << s.channels << ", width " << s.width << ", rotate " << rotate << ", scale " << scale << ", noise "
                   << noise);
  constexpr std::int64_t batches = 4, batch = 2, batch_size = 6, first = 3;
  Uniform uniform(71);
  auto const x = uniform.operator()<float>(s.batch * s.time * s.channels, -1, 1);
  auto const rotations = uniform.operator()<float>(batches * s.channels * s.channels, -1, 1);
  auto const scales = uniform.operator()<float>(batches * batch_size, 0.5, 1.5);
  Augmentation const host{.rotation = rotate ? rotations.data() + batch * s.channels * s.channels : nullptr,
                          .scale = scale ? scales.data() + batch * batch_size + first : nullptr,
                          .noise = noise,
                          .seed = 0x123456789ULL,
                          .step = 77,
                          .first_sample = first};
  std::vector<float> target(x.size()), input(count_of(s.batch * s.time * s.width));
  kernels::reference::augment(s, host, x.data(), target.data(), input.data());

  DeviceArray<float> const on_x(x), on_rotations(rotations), on_scales(scales);
  DeviceArray<kernels::cuda::StepState> const state(std::vector<kernels::cuda::StepState>{{77, batch, {}, 0}});
  for (bool const in_step : {true, false}) {
    auto there = host;
    there.rotation = rotate ? on_rotations.get() : nullptr;
    there.scale = scale ? on_scales.get() + first : nullptr;
    there.batch_size = batch_size;
    there.state = state.get();
    there.step = 1234;  // unused: the step comes from the state
    if (!in_step) {
      there = host;
      if (rotate) there.rotation = on_rotations.get() + batch * s.channels * s.channels;
      if (scale) there.scale = on_scales.get() + batch * batch_size + first;
    }
    DeviceArray<float> found_target(x.size());
    DeviceArray<T> found(input.size()), again(input.size());
    kernels::cuda::augment<T>(s, there, on_x.get(), found_target.get(), found.get(), nullptr);
    kernels::cuda::augment<T>(s, there, on_x.get(), found_target.get(), again.get(), nullptr);
    check_close<float>("target", found_target.values(), {target.begin(), target.end()});
    check_close<T>("input", found.values(), {input.begin(), input.end()});
    CHECK(same_bits(found.raw(), again.raw()));
  }
}

}  // namespace

TEST_CASE("The GPU rotates and scales windows and adds noise like the reference", "[gpu]") {
  require_gpu();
  for (AugmentShape const& s : {AugmentShape{3, 50, 20, 24}, {2, 7, 5, 8}, {1, 300, 1, 8}})
    for (int which = 0; which < 8; ++which) {
      compare<float>(s, (which & 1) != 0, (which & 2) != 0, (which & 4) != 0 ? 0.7 : 0);
      compare<BFloat16>(s, (which & 1) != 0, (which & 2) != 0, (which & 4) != 0 ? 0.7 : 0);
    }
}

TEST_CASE("The GPU's noise equals the reference's to the last bits, even for rows and steps past 2^32", "[gpu]") {
  require_gpu();
  AugmentShape const s{2, 1000, 21, 24};
  std::vector<float> const nothing(count_of(s.batch * s.time * s.channels));
  Augmentation const a{.noise = 1, .seed = 0xfedcba9876543210ULL, .step = 0x3fffffff1ULL, .first_sample = 0xfffffffeLL};
  std::vector<float> target(nothing.size()), input(count_of(s.batch * s.time * s.width));
  kernels::reference::augment(s, a, nothing.data(), target.data(), input.data());
  DeviceArray<float> const x(nothing);
  DeviceArray<float> found_target(nothing.size()), found(input.size());
  kernels::cuda::augment<float>(s, a, x.get(), found_target.get(), found.get(), nullptr);
  CHECK(relative_error(found.values(), input) < 1e-7);
  CHECK_THROWS_AS(kernels::cuda::augment<float>({1, 1, 3, 2}, a, x.get(), found_target.get(), found.get(), nullptr),
                  std::invalid_argument);
}
