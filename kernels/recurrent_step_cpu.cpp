#include <omp.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/cpu.hpp"
#include "kernels/recurrent_step.hpp"
#include "kernels/recurrent_step_lanes.hpp"
#include "kernels/scratch.hpp"

namespace mambasynth::kernels {
namespace {

RecurrentLanes lanes() {
#ifdef MAMBASYNTH_KERNELS_X86
  switch (instruction_set()) {
    case InstructionSet::avx512:
      return avx512::recurrent_lanes();
    case InstructionSet::avx2:
      return avx2::recurrent_lanes();
    case InstructionSet::baseline:
      break;
  }
#endif
  return baseline::recurrent_lanes();
}

constexpr std::int64_t padded(std::int64_t count) {
  return (count + recurrent_block - 1) / recurrent_block * recurrent_block;
}
constexpr std::int64_t parts_of(std::int64_t count) { return (count + recurrent_part - 1) / recurrent_part; }

/// Assigns offsets one after another.
class Offsets {
 public:
  std::int64_t take(std::int64_t count) { return std::exchange(used_, used_ + padded(count)); }
  [[nodiscard]] std::int64_t used() const { return used_; }

 private:
  std::int64_t used_ = 0;
};

RecurrentLayout layout_of(RecurrentDimensions const& s) {
  constexpr std::int64_t part = recurrent_part;
  RecurrentLayout l{};
  l.channels = s.channels, l.features = s.features, l.layers = s.layers;
  l.states = s.states, l.rank = s.rank, l.d_conv = s.d_conv;
  l.padded_channels = padded(s.channels), l.padded_features = padded(s.features),
  l.padded_dbl = padded(s.rank + 2 * s.states);
  l.parts = parts_of(s.inner), l.hidden_parts = parts_of(s.hidden);

  Offsets in_part;
  l.in_proj = in_part.take(s.features * 2 * part);
  l.conv_weight = in_part.take(s.d_conv * part);
  l.conv_bias = in_part.take(part);
  l.x_proj = in_part.take(part * l.padded_dbl);
  l.dt_weight = in_part.take(s.rank * part);
  l.dt_bias = in_part.take(part);
  l.decay = in_part.take(s.states * part);
  l.D = in_part.take(part);
  l.out_proj = in_part.take(part * l.padded_features);
  l.part_size = in_part.used();

  Offsets in_layer;
  l.norm_weight = in_layer.take(l.padded_features);
  l.norm_bias = in_layer.take(l.padded_features);
  l.first_part = in_layer.take(l.parts * l.part_size);
  l.layer_size = in_layer.used();

  Offsets in_head_part;
  l.head_weight0 = in_head_part.take(s.features * part);
  l.head_bias0 = in_head_part.take(part);
  l.head_weight2 = in_head_part.take(part * l.padded_channels);
  l.head_part_size = in_head_part.used();
  Offsets in_head;
  l.head_bias2 = in_head.take(l.padded_channels);
  l.head_first_part = in_head.take(l.hidden_parts * l.head_part_size);
  l.head_size = in_head.used();

  Offsets whole;
  l.input_weight = whole.take(s.channels * l.padded_features);
  l.input_bias = whole.take(l.padded_features);
  l.first_layer = whole.take(s.layers * l.layer_size);
  l.final_weight = whole.take(l.padded_features);
  l.final_bias = whole.take(l.padded_features);
  l.first_head = whole.take(s.heads * l.head_size);

  l.state_part = (s.d_conv - 1 + s.states) * part;
  l.state_layer = l.parts * l.state_part;
  l.state_size = s.layers * l.state_layer;
  return l;
}

/// Rows first .. first + count - 1 (fewer where the matrix ends) of (rows, columns), transposed:
/// target[c - first_column, target_column + r - first] with rows of `stride`.
void transpose(float const* matrix, std::int64_t rows, std::int64_t columns, std::int64_t first, std::int64_t count,
               std::int64_t first_column, std::int64_t column_count, float* target, std::int64_t stride,
               std::int64_t target_column = 0) {
  auto const last = std::min(rows, first + count), last_column = std::min(columns, first_column + column_count);
  for (auto r = first; r < last; ++r)
    for (auto c = first_column; c < last_column; ++c)
      target[(c - first_column) * stride + target_column + r - first] = matrix[r * columns + c];
}

void pack_part(RecurrentDimensions const& s, RecurrentLayout const& l, RecurrentLayer<float> const& w,
               std::int64_t first, float* at) {
  constexpr std::int64_t part = recurrent_part;
  auto const count = std::min<std::int64_t>(part, s.inner - first);
  transpose(w.in_proj, s.inner, s.features, first, part, 0, s.features, at + l.in_proj, 2 * part);
  transpose(w.in_proj + s.inner * s.features, s.inner, s.features, first, part, 0, s.features, at + l.in_proj, 2 * part,
            part);
  transpose(w.conv_weight, s.inner, s.d_conv, first, part, 0, s.d_conv, at + l.conv_weight, part);
  transpose(w.x_proj, s.rank + 2 * s.states, s.inner, 0, s.rank + 2 * s.states, first, part, at + l.x_proj,
            l.padded_dbl);
  transpose(w.dt_weight, s.inner, s.rank, first, part, 0, s.rank, at + l.dt_weight, part);
  transpose(w.A_log, s.inner, s.states, first, part, 0, s.states, at + l.decay, part);
  for (std::int64_t n = 0; n < s.states; ++n)
    for (std::int64_t d = 0; d < count; ++d) {
      auto& decay = at[l.decay + n * part + d];
      decay = static_cast<float>(-std::exp(static_cast<double>(decay)) * 1.44269504088896340736);
    }
  transpose(w.out_proj, s.features, s.inner, 0, s.features, first, part, at + l.out_proj, l.padded_features);
  std::copy_n(w.conv_bias + first, count, at + l.conv_bias);
  std::copy_n(w.dt_bias + first, count, at + l.dt_bias);
  std::copy_n(w.D + first, count, at + l.D);
}

/// `to` is zero.
void pack(RecurrentDimensions const& s, RecurrentLayout const& l, RecurrentWeights<float> const& w, float* to) {
  constexpr std::int64_t part = recurrent_part;
  transpose(w.input_weight, s.features, s.channels, 0, s.features, 0, s.channels, to + l.input_weight,
            l.padded_features);
  std::copy_n(w.input_bias, s.features, to + l.input_bias);
  for (std::int64_t i = 0; i < s.layers; ++i) {
    auto* const layer = to + l.first_layer + i * l.layer_size;
    std::copy_n(w.layers[i].norm_weight, s.features, layer + l.norm_weight);
    std::copy_n(w.layers[i].norm_bias, s.features, layer + l.norm_bias);
    for (std::int64_t p = 0; p < l.parts; ++p)
      pack_part(s, l, w.layers[i], p * part, layer + l.first_part + p * l.part_size);
  }
  std::copy_n(w.final_weight, s.features, to + l.final_weight);
  std::copy_n(w.final_bias, s.features, to + l.final_bias);
  for (std::int64_t k = 0; k < s.heads; ++k) {
    auto const& head = w.heads[k];
    auto* const packed = to + l.first_head + k * l.head_size;
    std::copy_n(head.bias2, s.channels, packed + l.head_bias2);
    for (std::int64_t p = 0; p < l.hidden_parts; ++p) {
      auto* const at = packed + l.head_first_part + p * l.head_part_size;
      transpose(head.weight0, s.hidden, s.features, p * part, part, 0, s.features, at + l.head_weight0, part);
      std::copy_n(head.bias0 + p * part, std::min(part, s.hidden - p * part), at + l.head_bias0);
      transpose(head.weight2, s.channels, s.hidden, 0, s.channels, p * part, part, at + l.head_weight2,
                l.padded_channels);
    }
  }
}

}  // namespace

struct RecurrentNetwork::Parts {
  explicit Parts(RecurrentDimensions const& dimensions)
      : layout(layout_of(dimensions)),
        weights(layout.first_head + dimensions.heads * layout.head_size),
        heads(dimensions.heads) {}

  /// Working memory, reallocated when there are more sequences or threads than before.
  struct Workspace {
    Workspace(RecurrentLayout const& l, std::int64_t heads, std::int64_t sequence_count, int thread_count)
        : sequences(sequence_count),
          threads(thread_count),
          xz(l.parts * sequences * 2 * recurrent_part),
          dbl(l.parts * sequences * l.padded_dbl),
          out(l.parts * sequences * l.padded_features),
          head_out(heads * l.hidden_parts * sequences * l.padded_channels),
          wide(std::max<std::int64_t>(2 * recurrent_part, l.padded_dbl)),
          local_size(2 * sequences * l.padded_features + wide),
          local(threads * local_size) {}
    std::int64_t sequences;
    int threads;
    Scratch<float> xz, dbl, out, head_out;
    std::int64_t wide, local_size;
    Scratch<float> local;
  };
  Workspace& workspace(std::int64_t sequences, int threads) {
    if (!workspace_ || workspace_->sequences < sequences || workspace_->threads < threads)
      workspace_ = std::make_unique<Workspace>(layout, heads, sequences, threads);
    return *workspace_;
  }

  RecurrentLayout layout;
  Scratch<float> weights;
  std::int64_t heads;

 private:
  std::unique_ptr<Workspace> workspace_;
};

RecurrentNetwork::RecurrentNetwork(RecurrentDimensions const& dimensions, RecurrentWeights<float> const& weights) {
  check_recurrent(dimensions);
  parts_ = std::make_unique<Parts>(dimensions);
  pack(dimensions, parts_->layout, weights, parts_->weights.get());
}
RecurrentNetwork::~RecurrentNetwork() = default;

std::int64_t RecurrentNetwork::state_size() const { return parts_->layout.state_size; }

void RecurrentNetwork::step(RecurrentStep<float> const& step) {
  auto const& l = parts_->layout;
  // A part is the smallest unit of work: a thread without one would only wait at the barriers.
  int const team = static_cast<int>(std::max<std::int64_t>(1, std::min<std::int64_t>(threads(), l.parts)));
  auto& workspace = parts_->workspace(step.sequences, team);
  RecurrentPass const pass{&l,
                           parts_->weights.get(),
                           step.sequences,
                           step.state,
                           step.keep,
                           step.x,
                           step.noise,
                           workspace.xz.get(),
                           workspace.dbl.get(),
                           workspace.out.get(),
                           workspace.head_out.get()};
  auto const run = lanes();
#pragma omp parallel num_threads(team)
  {
    auto const thread = omp_get_thread_num();
    float* const mine = workspace.local.get() + thread * workspace.local_size;
    auto const stream = step.sequences * l.padded_features;
    RecurrentLocal const local{mine, mine + stream, mine + 2 * stream};
    run.enter(pass, local);
    for (std::int64_t layer = 0; layer < l.layers; ++layer) {
      run.gather(pass, local, layer);
#pragma omp for schedule(static)
      for (std::int64_t part = 0; part < l.parts; ++part) run.project(pass, local, layer, part);
#pragma omp for schedule(static)
      for (std::int64_t part = 0; part < l.parts; ++part) run.scan(pass, local, layer, part);
    }
    if (step.heads > 0) run.gather(pass, local, l.layers);
#pragma omp for schedule(static) nowait
    for (std::int64_t task = 0; task < step.heads * l.hidden_parts; ++task)
      run.head(pass, local, task / l.hidden_parts, task % l.hidden_parts);
  }
  for (std::int64_t k = 0; k < step.heads; ++k) {
    float const* const bias = parts_->weights.get() + l.first_head + k * l.head_size + l.head_bias2;
    for (std::int64_t b = 0; b < step.sequences; ++b)
      for (std::int64_t c = 0; c < l.channels; ++c) {
        float sum = bias[c];
        for (std::int64_t part = 0; part < l.hidden_parts; ++part)
          sum += pass.head_out[((k * l.hidden_parts + part) * step.sequences + b) * l.padded_channels + c];
        step.predictions[(b * step.heads + k) * l.channels + c] = sum;
      }
  }
}

}  // namespace mambasynth::kernels
