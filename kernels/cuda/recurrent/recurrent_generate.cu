#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/recurrent/recurrent_generate.cuh"
#include "kernels/recurrent_generate.hpp"

namespace mambasynth::kernels::cuda {
namespace {

using device::RecurrentPlan;
constexpr int blocks = device::recurrent_blocks;

device::RecurrentSizes sizes_of(RecurrentDimensions const& s) {
  return {s.channels, s.features, s.layers, s.inner, s.states, s.rank, s.d_conv, s.hidden};
}

RecurrentPlan plan_of(RecurrentDimensions const& s) {
  check_recurrent(s);
  if (s.layers < 1 || s.heads < 1) throw std::invalid_argument("generation needs at least one layer and one head");
  if (s.d_conv > device::recurrent_max_d_conv || s.channels > device::recurrent_threads)
    throw std::invalid_argument("generation on the GPU takes up to " + std::to_string(device::recurrent_max_d_conv) +
                                " taps and " + std::to_string(device::recurrent_threads) + " channels");
  auto const plan = device::recurrent_plan(sizes_of(s));
  if (plan.total > 0x7fffffff) throw std::invalid_argument("generation on the GPU takes up to 2^31 weights");
  return plan;
}

bool is_documented(RecurrentDimensions const& s) {
  constexpr auto d = device::documented_sizes();
  return s.channels == d.channels && s.features == d.features && s.layers == d.layers && s.inner == d.inner &&
         s.states == d.states && s.rank == d.rank && s.d_conv == d.d_conv && s.hidden == d.hidden;
}

/// Size of what is always in shared memory, in floats.
std::int64_t working_floats(RecurrentPlan const& p) {
  return std::int64_t{blocks} * (p.padded_dbl + p.padded_features + p.padded_channels) + p.padded_features +
         2 * p.inner + std::max(p.inner, p.hidden) + p.padded_dbl +
         std::max({p.padded_dbl, p.padded_features, p.padded_channels}) + p.padded_channels;
}

/// One block's view of matrices (out, in): its share of the rows and columns.
void pack_block(RecurrentDimensions const& s, RecurrentPlan const& p, RecurrentWeights<float> const& w, int rank,
                float* to) {
  std::int64_t const features = p.padded_features, first = std::int64_t{rank} * p.inner;
  auto const last = std::min<std::int64_t>(s.inner, first + p.inner);
  for (std::int64_t i = 0; i < s.layers; ++i, to += p.before_size + p.after_size) {
    auto const& layer = w.layers[i];
    std::copy_n(layer.norm_weight, s.features, to);
    std::copy_n(layer.norm_bias, s.features, to + features);
    auto* const after = to + p.before_size;
    for (auto d = first; d < last; ++d) {
      auto const c = d - first;
      auto* const group = to + p.in_proj + c / 4 * 8 * features;
      std::copy_n(layer.in_proj + d * s.features, s.features, group + c % 4 * features);
      std::copy_n(layer.in_proj + (s.inner + d) * s.features, s.features, group + (4 + c % 4) * features);
      for (std::int64_t j = 0; j < s.d_conv; ++j)
        to[p.conv_weight + j * p.inner + c] = layer.conv_weight[d * s.d_conv + j];
      to[p.conv_bias + c] = layer.conv_bias[d];
      for (std::int64_t j = 0; j < s.rank + 2 * s.states; ++j) {
        // dt, B and C each start at a multiple of 4.
        auto const row = j < s.rank              ? j
                         : j < s.rank + s.states ? p.padded_rank + j - s.rank
                                                 : p.padded_rank + p.padded_states + j - s.rank - s.states;
        to[p.x_proj + row * p.inner + c] = layer.x_proj[j * s.inner + d];
      }
      for (std::int64_t r = 0; r < s.rank; ++r) after[p.dt_weight + r * p.inner + c] = layer.dt_weight[d * s.rank + r];
      after[p.dt_bias + c] = layer.dt_bias[d];
      after[p.D + c] = layer.D[d];
      for (std::int64_t n = 0; n < s.states; ++n)
        after[p.decay + c * p.padded_states + n] =
            static_cast<float>(-std::exp(static_cast<double>(layer.A_log[d * s.states + n])) * 1.44269504088896340736);
      for (std::int64_t f = 0; f < s.features; ++f)
        after[p.out_proj + f * p.inner + c] = layer.out_proj[f * s.inner + d];
    }
  }
  auto const& head = w.heads[0];
  std::copy_n(w.final_weight, s.features, to);
  std::copy_n(w.final_bias, s.features, to + features);
  for (std::int64_t u = 0; u < p.hidden && rank * p.hidden + u < s.hidden; ++u) {
    auto const unit = rank * p.hidden + u;
    std::copy_n(head.weight0 + unit * s.features, s.features, to + p.head_weight0 + u * features);
    to[p.head_bias0 + u] = head.bias0[unit];
    for (std::int64_t c = 0; c < s.channels; ++c)
      to[p.head_weight2 + c * p.hidden + u] = head.weight2[c * s.hidden + unit];
  }
  if (rank == 0) std::copy_n(head.bias2, s.channels, to + p.head_bias2);
}

template <bool DOCUMENTED, bool STAGED>
void launch(RecurrentPlan const& p, std::int64_t floats, float const* packed, device::RecurrentRun const& run,
            std::int64_t sequences, Stream stream) {
  void (*const kernel)(RecurrentPlan, float const*, device::RecurrentRun) =
      &device::recurrent_generate<DOCUMENTED, STAGED>;
  auto const bytes = static_cast<std::size_t>(floats) * sizeof(float);
  allow_shared_memory(reinterpret_cast<void const*>(kernel), bytes, "recurrent_generate");
  kernel<<<static_cast<unsigned>(sequences * blocks), device::recurrent_threads, bytes, stream>>>(p, packed, run);
  check_launch("recurrent_generate");
}

}  // namespace

std::int64_t recurrent_packed_size(RecurrentDimensions const& dimensions) { return plan_of(dimensions).total; }

void pack_recurrent(RecurrentDimensions const& s, RecurrentWeights<float> const& weights, float* packed) {
  auto const p = plan_of(s);
  std::fill_n(packed, recurrent_packed_size(s), 0.0F);
  for (std::int64_t f = 0; f < s.features; ++f) {
    for (std::int64_t c = 0; c < s.channels; ++c)
      packed[c * p.padded_features + f] = weights.input_weight[f * s.channels + c];
    packed[p.input_bias + f] = weights.input_bias[f];
  }
  for (int rank = 0; rank < blocks; ++rank)
    pack_block(s, p, weights, rank, packed + p.first_block + std::int64_t{rank} * p.block_size);
}

std::size_t recurrent_workspace_bytes(RecurrentDimensions const& dimensions, std::int64_t sequences) {
  return static_cast<std::size_t>(sequences * blocks * plan_of(dimensions).state_block) * sizeof(float);
}

void recurrent_generate(RecurrentDimensions const& dimensions, float const* packed, RecurrentGeneration const& g,
                        std::byte* workspace, Stream stream) {
  auto const p = plan_of(dimensions);
  if (g.sequences < 0 || g.seed_steps < 1 || g.steps < 0)
    throw std::invalid_argument("generation needs a seed of at least one step");
  if (g.sequences == 0 || g.steps == 0) return;
  if (g.sequences * blocks > 0x7fffffff) throw std::invalid_argument("more than 2^31 blocks of sequences");
  std::int64_t const limit = shared_memory_of_a_block() / static_cast<int>(sizeof(float)) - 64;
  auto const working = working_floats(p), staged = working + std::max(p.before_size, p.head_size) + p.after_size;
  if (working > limit)
    throw std::invalid_argument(
        "a step of d_model " + std::to_string(dimensions.features) + ", d_inner " + std::to_string(dimensions.inner) +
        ", d_state " + std::to_string(dimensions.states) + " needs " + std::to_string(working * 4 / 1024) +
        " KB of shared memory per block, this GPU has " + std::to_string(limit * 4 / 1024) + " KB");
  bool const stage = staged <= limit;
  auto const floats = stage ? staged : working;
  bool const state_fits = floats + p.state_block <= limit;
  auto const all = floats + (state_fits ? p.state_block : 0);
  device::RecurrentRun const run{g.seed_steps,
                                 g.steps,
                                 g.bursts,
                                 g.bf16_feedback ? 1 : 0,
                                 g.seed,
                                 g.noise,
                                 g.hidden_noise,
                                 g.burst,
                                 g.generated,
                                 reinterpret_cast<float*>(workspace),
                                 state_fits ? 1 : 0};
  if (!stage) launch<false, false>(p, all, packed, run, g.sequences, stream);
  else if (is_documented(dimensions)) launch<true, true>(p, all, packed, run, g.sequences, stream);
  else launch<false, true>(p, all, packed, run, g.sequences, stream);
}

}  // namespace mambasynth::kernels::cuda
