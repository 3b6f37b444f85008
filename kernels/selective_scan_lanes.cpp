#include "kernels/selective_scan_lanes.hpp"

#include "kernels/lanes.hpp"
#include "kernels/selective_scan_chunk.hpp"

// The equations are in selective_scan.hpp, the derivatives in selective_scan_reference.cpp.
namespace mambasynth::kernels::MAMBASYNTH_LANES {
namespace {

/// Four states of one block of lanes through a chunk: h = exp(delta A) h + delta x B, y += C h.
template <class T>
[[gnu::noinline]] void forward_tile(int steps, T const* delta, T const* delta_x, T const* B, T const* C, T const* decay,
                                    T* state, T* y) {
  using L = Lanes<T>;
  using V = typename L::V;
  V h[tile], A[tile];
  for (int s = 0; s < tile; ++s) h[s] = L::load(state + s * scan_group);
  for (int s = 0; s < tile; ++s) A[s] = L::load(decay + s * scan_group);
  for (int t = 0; t < steps; ++t) {
    V const d = L::load(delta + t * L::width), dx = L::load(delta_x + t * L::width);
    V sum = L::load(y + t * L::width);
#pragma GCC unroll 4
    for (int s = 0; s < tile; ++s) {
      h[s] = L::exp2(d * A[s]) * h[s] + dx * B[t * tile + s];
      sum += h[s] * C[t * tile + s];
    }
    L::store(y + t * L::width, sum);
  }
  for (int s = 0; s < tile; ++s) L::store(state + s * scan_group, h[s]);
}

template <class T>
std::int64_t forward_scratch(std::int64_t states) {
  auto const padded = scan_padded_states(states);
  return 3 * Chunk<T>::per_time + padded * (2 * steps_max + scan_group) + 2 * scan_group;
}

template <class T>
void forward(ScanTask<T> const& task, ScanOutputs<T> const& outputs) {
  using L = Lanes<T>;
  using V = typename L::V;
  DenormalsAreZero const guard;
  auto const& shape = task.shape;
  auto const& in = task.inputs;
  auto const padded = scan_padded_states(shape.states);
  Cursor<T> cursor{task.scratch};
  T* const delta = cursor.take(Chunk<T>::per_time);
  T* const delta_x = cursor.take(Chunk<T>::per_time);
  T* const y = cursor.take(Chunk<T>::per_time);
  T* const B = cursor.take(padded * steps_max);
  T* const C = cursor.take(padded * steps_max);
  T* const state = cursor.take(padded * scan_group);
  T* const D = cursor.take(scan_group);
  T* const bias = cursor.take(scan_group);
  for (std::int64_t i = 0; i < padded * scan_group; ++i) state[i] = T{};
  Chunk<T>(task, 0).pad(in.D, D);
  Chunk<T>(task, 0).pad(in.delta_bias, bias);

  for (std::int64_t k = 0; k < scan_chunks(shape.time); ++k) {
    Chunk<T> const chunk(task, k);
    if (outputs.checkpoints) chunk.unpack_group(state, outputs.checkpoints + chunk.checkpoint());
    chunk.pack_states(in.B, in.B_stride, B);
    chunk.pack_states(in.C, in.C_stride, C);
    // Time is the outer loop, blocks the inner one: a row of the group is a few adjacent cache lines.
    for (int t = 0; t < chunk.steps; ++t)
      for (int block = 0; block < chunk.blocks; ++block) {
        int const first = block * L::width, count = chunk.count(block);
        V const x = L::load(in.x + chunk.offset(t, in.x_stride) + first, count);
        V const raw = L::load(in.delta + chunk.offset(t, in.delta_stride) + first, count);
        V const before = raw + L::load(bias + first), d = in.softplus ? L::softplus(before) : before;
        L::store(delta + chunk.at(block, t), d);
        L::store(delta_x + chunk.at(block, t), d * x);
        L::store(y + chunk.at(block, t), L::load(D + first) * x);
      }
    for (int block = 0; block < chunk.blocks; ++block)
      for (int i = 0; i < chunk.tiles; ++i)
        forward_tile(chunk.steps, delta + chunk.at(block, 0), delta_x + chunk.at(block, 0), B + i * steps_max * tile,
                     C + i * steps_max * tile, task.decay + i * tile * scan_group + block * L::width,
                     state + i * tile * scan_group + block * L::width, y + chunk.at(block, 0));
    for (int t = 0; t < chunk.steps; ++t)
      for (int block = 0; block < chunk.blocks; ++block) {
        int const first = block * L::width, count = chunk.count(block);
        V gated = L::load(y + chunk.at(block, t));
        if (in.z) {
          V const z = L::load(in.z + chunk.offset(t, in.z_stride) + first, count);
          gated = gated * (z * L::sigmoid(z));
        }
        L::store(outputs.out + chunk.offset(t, shape.channels) + first, gated, count);
      }
  }
  if (outputs.last_state) {
    Chunk<T> const any(task, 0);
    any.unpack_group(state, outputs.last_state + (task.batch * shape.channels + task.first_channel) * shape.states);
  }
}

/// The arrays over time of a backward task; those of one block start at Chunk::at(block, 0).
template <class T>
struct TimeArrays {
  T *delta, *delta_x, *dy, *y, *from_B, *from_decay, *delta_slope, *dz_over_y;
};

/// Four states of one block: forward from the checkpoint, keeping decay and state of each step, then backward.
/// dB, dC: (step, state of the tile, lane), overwritten by the first block; the others add to it.
template <class T, bool first>
[[gnu::noinline]] void backward_tile(int steps, TimeArrays<T> const& time, T const* B, T const* C, T const* decay,
                                     T const* state, T* carry, T* dA, T* kept_decay, T* kept_state, T* dB, T* dC) {
  using L = Lanes<T>;
  using V = typename L::V;
  constexpr int width = L::width;
  T *const delta = time.delta, *const delta_x = time.delta_x, *const dys = time.dy, *const y = time.y;
  T *const from_Bs = time.from_B, *const from_decays = time.from_decay;
  V A[tile];
  for (int s = 0; s < tile; ++s) A[s] = L::load(decay + s * scan_group);
  {
    V h[tile];
    for (int s = 0; s < tile; ++s) {
      h[s] = L::load(state + s * scan_group);
      L::store(kept_state + s * width, h[s]);
    }
    for (int t = 0; t < steps; ++t) {
      V const d = L::load(delta + t * width), dx = L::load(delta_x + t * width);
      V sum = L::load(y + t * width);
#pragma GCC unroll 4
      for (int s = 0; s < tile; ++s) {
        V const a = L::exp2(d * A[s]);
        h[s] = a * h[s] + dx * B[t * tile + s];
        sum += h[s] * C[t * tile + s];
        L::store(kept_decay + (t * tile + s) * width, a);
        L::store(kept_state + ((t + 1) * tile + s) * width, h[s]);
      }
      L::store(y + t * width, sum);
    }
  }
  V g[tile], sum_A[tile];
  for (int s = 0; s < tile; ++s) g[s] = L::load(carry + s * scan_group);
  for (int s = 0; s < tile; ++s) sum_A[s] = L::load(dA + s * scan_group);
  for (int t = steps - 1; t >= 0; --t) {
    V const d = L::load(delta + t * width), dx = L::load(delta_x + t * width);
    V const dy = L::load(dys + t * width);
    V from_B = L::load(from_Bs + t * width), from_decay = L::load(from_decays + t * width);
#pragma GCC unroll 4
    for (int s = 0; s < tile; ++s) {
      int const i = (t * tile + s) * width;
      V const dh = g[s] + dy * C[t * tile + s];
      V const part_C = dy * L::load(kept_state + i + tile * width), part_B = dh * dx;
      L::store(dC + i, first ? part_C : L::load(dC + i) + part_C);
      L::store(dB + i, first ? part_B : L::load(dB + i) + part_B);
      g[s] = dh * L::load(kept_decay + i);
      V const in_exponent = g[s] * L::load(kept_state + i);
      from_B += dh * B[t * tile + s];
      from_decay += in_exponent * A[s];
      sum_A[s] += in_exponent * d;
    }
    L::store(from_Bs + t * width, from_B);
    L::store(from_decays + t * width, from_decay);
  }
  for (int s = 0; s < tile; ++s) L::store(carry + s * scan_group, g[s]);
  for (int s = 0; s < tile; ++s) L::store(dA + s * scan_group, sum_A[s]);
}

/// (step, state of the tile, lane) to its sums over lanes, (step, state of the tile).
template <class T>
[[gnu::noinline]] void sum_lanes(int steps, T const* from, T* to) {
  using L = Lanes<T>;
  for (int i = 0; i < steps * tile; i += L::width) {
    typename L::V vectors[L::width];
#pragma GCC unroll 16
    for (int j = 0; j < L::width; ++j) vectors[j] = L::load(from + (i + j) * L::width);
    L::store(to + i, L::sums_of_lanes(vectors));
  }
}

template <class T>
std::int64_t backward_scratch(std::int64_t states) {
  auto const padded = scan_padded_states(states);
  return 8 * Chunk<T>::per_time + padded * (2 * steps_max + scan_group) + 2 * scan_group +
         (4 * steps_max + 1) * tile * Lanes<T>::width;
}

template <class T>
void backward(ScanTask<T> const& task, std::int64_t k, T const* checkpoints, ScanGradients<T> const& gradients,
              ScanSums<T> const& sums) {
  using L = Lanes<T>;
  using V = typename L::V;
  DenormalsAreZero const guard;
  auto const& in = task.inputs;
  auto const padded = scan_padded_states(task.shape.states);
  Chunk<T> const chunk(task, k);
  Cursor<T> cursor{task.scratch};
  TimeArrays<T> time{};
  for (T** array : {&time.delta, &time.delta_x, &time.dy, &time.y, &time.from_B, &time.from_decay, &time.delta_slope,
                    &time.dz_over_y})
    *array = cursor.take(Chunk<T>::per_time);
  T* const B = cursor.take(padded * steps_max);
  T* const C = cursor.take(padded * steps_max);
  T* const state = cursor.take(padded * scan_group);
  T* const D = cursor.take(scan_group);
  T* const bias = cursor.take(scan_group);
  constexpr int per_tile = steps_max * tile * L::width;
  T* const kept_decay = cursor.take(per_tile);
  T* const kept_state = cursor.take(per_tile + tile * L::width);
  T* const dB = cursor.take(per_tile);
  T* const dC = cursor.take(per_tile);
  chunk.pack_states(in.B, in.B_stride, B);
  chunk.pack_states(in.C, in.C_stride, C);
  chunk.pack_group(checkpoints + chunk.checkpoint(), state);
  chunk.pad(in.D, D);
  chunk.pad(in.delta_bias, bias);

  for (int t = 0; t < chunk.steps; ++t)
    for (int block = 0; block < chunk.blocks; ++block) {
      int const first = block * L::width, count = chunk.count(block), i = chunk.at(block, t);
      V const x = L::load(in.x + chunk.offset(t, in.x_stride) + first, count);
      V const dout = L::load(gradients.dout + chunk.offset(t, task.shape.channels) + first, count);
      V const raw = L::load(in.delta + chunk.offset(t, in.delta_stride) + first, count);
      V slope = L::splat(T{1}), d = raw + L::load(bias + first);
      if (in.softplus) d = L::softplus(d, slope);
      L::store(time.delta + i, d);
      L::store(time.delta_slope + i, slope);
      L::store(time.delta_x + i, d * x);
      if (in.z) {
        V const z = L::load(in.z + chunk.offset(t, in.z_stride) + first, count), sigmoid = L::sigmoid(z);
        L::store(time.dy + i, dout * (z * sigmoid));
        L::store(time.dz_over_y + i, dout * (sigmoid * (T{1} + z * (T{1} - sigmoid))));
      } else {
        L::store(time.dy + i, dout);
      }
      L::store(time.y + i, L::load(D + first) * x);
      L::store(time.from_B + i, V{});
      L::store(time.from_decay + i, V{});
    }
  for (int j = 0; j < chunk.tiles; ++j) {
    std::int64_t const states_at = j * tile * scan_group;
    T const* const B_tile = B + j * steps_max * tile;
    T const* const C_tile = C + j * steps_max * tile;
    for (int block = 0; block < chunk.blocks; ++block) {
      auto const at = states_at + block * L::width;
      int const i = chunk.at(block, 0);
      TimeArrays<T> const here{time.delta + i,  time.delta_x + i,    time.dy + i, time.y + i,
                               time.from_B + i, time.from_decay + i, nullptr,     nullptr};
      auto const run = block == 0 ? backward_tile<T, true> : backward_tile<T, false>;
      run(chunk.steps, here, B_tile, C_tile, task.decay + at, state + at, sums.carry + at, sums.dA + at, kept_decay,
          kept_state, dB, dC);
    }
    sum_lanes(chunk.steps, dB, sums.dB + j * steps_max * tile);
    sum_lanes(chunk.steps, dC, sums.dC + j * steps_max * tile);
  }
  for (int t = 0; t < chunk.steps; ++t)
    for (int block = 0; block < chunk.blocks; ++block) {
      int const first = block * L::width, count = chunk.count(block), i = chunk.at(block, t);
      auto const contiguous = chunk.offset(t, task.shape.channels) + first;
      V const x = L::load(in.x + chunk.offset(t, in.x_stride) + first, count);
      V const dy = L::load(time.dy + i), from_B = L::load(time.from_B + i);
      // The sum over states contains `decay`, which is A / ln 2.
      V const ddelta =
          (from_B * x + L::load(time.from_decay + i) * static_cast<T>(ln2)) * L::load(time.delta_slope + i);
      L::store(gradients.dx + contiguous, dy * L::load(D + first) + from_B * L::load(time.delta + i), count);
      L::store(gradients.ddelta + contiguous, ddelta, count);
      if (in.z) {
        V const dz = L::load(time.dz_over_y + i) * L::load(time.y + i);
        L::store(gradients.dz + chunk.offset(t, gradients.dz_stride) + first, dz, count);
      }
      L::store(sums.dD + first, L::load(sums.dD + first) + dy * x);
      L::store(sums.ddelta_bias + first, L::load(sums.ddelta_bias + first) + ddelta);
    }
}

}  // namespace

template <class T>
ScanLanes<T> scan_lanes() {
  return {forward_scratch<T>, backward_scratch<T>, forward<T>, backward<T>};
}
template ScanLanes<float> scan_lanes<float>();
template ScanLanes<double> scan_lanes<double>();

}  // namespace mambasynth::kernels::MAMBASYNTH_LANES
