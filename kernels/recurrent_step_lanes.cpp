#include "kernels/recurrent_step_lanes.hpp"

#include "kernels/lanes.hpp"

namespace mambasynth::kernels::MAMBASYNTH_LANES {
namespace {

using L = Lanes<float>;
using V = L::V;
constexpr int width = L::width;

/// N vectors of outputs: out = start + sum_i in[i] weight[i, .]. They stay in registers while the weights stream by.
template <int N>
MAMBASYNTH_INLINE void columns(float const* weight, std::int64_t stride, std::int64_t inputs, float const* in,
                               float const* start, float* out) {
  V sum[N];
#pragma GCC unroll 8
  for (int j = 0; j < N; ++j) sum[j] = start ? L::load(start + j * width) : V{};
  for (std::int64_t i = 0; i < inputs; ++i) {
    V const factor = L::splat(in[i]);
#pragma GCC unroll 8
    for (int j = 0; j < N; ++j) sum[j] += factor * L::load(weight + i * stride + j * width);
  }
#pragma GCC unroll 8
  for (int j = 0; j < N; ++j) L::store(out + j * width, sum[j]);
}

/// weight: (input, output), outputs a multiple of recurrent_block. Loops over the sequences inside, so that weights are
/// read from memory once and then from L1.
void times(float const* weight, std::int64_t inputs, std::int64_t outputs, std::int64_t sequences, float const* in,
           std::int64_t in_stride, float const* start, float* out, std::int64_t out_stride) {
  for (std::int64_t o = 0; o < outputs;) {
    std::int64_t const vectors = (outputs - o) / width;
    auto const run = [&]<int N>(std::integral_constant<int, N>) {
      for (std::int64_t b = 0; b < sequences; ++b)
        columns<N>(weight + o, outputs, inputs, in + b * in_stride, start ? start + o : nullptr,
                   out + b * out_stride + o);
      o += N * width;
    };
    if (vectors >= 8) run(std::integral_constant<int, 8>{});
    else if (vectors >= 5) run(std::integral_constant<int, 5>{});
    else if (vectors >= 4) run(std::integral_constant<int, 4>{});
    else if (vectors >= 2) run(std::integral_constant<int, 2>{});
    else run(std::integral_constant<int, 1>{});
  }
}

MAMBASYNTH_INLINE float sum_of(V v) {
  float sum = 0;
  for (int i = 0; i < width; ++i) sum += v[i];
  return sum;
}

/// u = (h - mean) / sqrt(variance + eps) weight + bias; the padding of h is zero, and that of weight and bias makes the
/// padding of u zero.
void norm(RecurrentLayout const& l, float const* weight, float const* bias, float const* h, float* u) {
  V sum{};
  for (std::int64_t f = 0; f < l.padded_features; f += width) sum += L::load(h + f);
  auto const count = static_cast<float>(l.features);
  V const mean = L::splat(sum_of(sum) / count);
  for (std::int64_t f = 0; f < l.padded_features; f += width) L::store(u + f, L::load(h + f) - mean);
  for (std::int64_t f = l.features; f < l.padded_features; ++f) u[f] = 0;
  V squares{};
  for (std::int64_t f = 0; f < l.padded_features; f += width) squares += L::load(u + f) * L::load(u + f);
  constexpr float epsilon = 1e-5f;
  V const scale = L::splat(1 / __builtin_sqrtf(sum_of(squares) / count + epsilon));
  for (std::int64_t f = 0; f < l.padded_features; f += width)
    L::store(u + f, L::load(u + f) * scale * L::load(weight + f) + L::load(bias + f));
}

/// erf by two polynomials, error 1e-7: x P(x^2) up to 1, 1 - exp(Q(|x|)) up to 4, where it is 1 (interpolated at
/// Chebyshev nodes).
MAMBASYNTH_INLINE V erf(V x) {
  V const magnitude = x < 0 ? -x : x;
  V const s = x * x;
  constexpr float near[] = {1.1283791065216064f,   -0.3761262595653534f,  0.11283597350120544f,
                            -0.02685432881116867f, 0.005189312156289816f, -0.0008018855005502701f,
                            7.882497448008507e-05f};
  constexpr float far[] = {0.0003032129898201674f, -1.1301666498184204f,    -0.6319370865821838f,
                           -0.10997824370861053f,  0.02636471763253212f,    -0.004740222357213497f,
                           0.0005927695310674608f, -4.559062290354632e-05f, 1.6140616025950294e-06f};
  V inside = L::splat(near[6]);
#pragma GCC unroll 8
  for (int i = 5; i >= 0; --i) inside = inside * s + near[i];
  V const t = magnitude < 4 ? magnitude : L::splat(4);
  V outside = L::splat(far[8]);
#pragma GCC unroll 8
  for (int i = 7; i >= 0; --i) outside = outside * t + far[i];
  outside = 1 - L::exp(outside);
  outside = x < 0 ? -outside : outside;
  return magnitude >= 1 ? outside : x * inside;  // NaN takes the second
}

void enter(RecurrentPass const& p, RecurrentLocal const& local) {
  auto const& l = *p.layout;
  times(p.weights + l.input_weight, l.channels, l.padded_features, p.sequences, p.x, l.channels,
        p.weights + l.input_bias, local.h, l.padded_features);
}

void gather(RecurrentPass const& p, RecurrentLocal const& local, std::int64_t layer) {
  auto const& l = *p.layout;
  auto const features = l.padded_features;
  bool const last = layer == l.layers;
  float const* const base = p.weights + l.first_layer + layer * l.layer_size;
  for (std::int64_t b = 0; b < p.sequences; ++b) {
    float* const h = local.h + b * features;
    if (layer > 0)
      for (std::int64_t f = 0; f < features; f += width) {
        V sum = L::load(p.out + b * features + f);
        for (std::int64_t part = 1; part < l.parts; ++part)
          sum += L::load(p.out + (part * p.sequences + b) * features + f);
        L::store(h + f, L::load(h + f) + sum);
      }
    if (layer > 0 && p.noise) {
      float const* const noise = p.noise + (b * l.layers + layer - 1) * l.features;
      for (std::int64_t f = 0; f < l.features; ++f) h[f] += noise[f];
    }
    norm(l, last ? p.weights + l.final_weight : base + l.norm_weight,
         last ? p.weights + l.final_bias : base + l.norm_bias, h, local.u + b * features);
  }
}

void project(RecurrentPass const& p, RecurrentLocal const& local, std::int64_t layer, std::int64_t part) {
  auto const& l = *p.layout;
  float const* const w = p.weights + l.first_layer + layer * l.layer_size + l.first_part + part * l.part_size;
  constexpr std::int64_t wide = 2 * recurrent_part;
  float* const xz = p.xz + part * p.sequences * wide;
  times(w + l.in_proj, l.features, wide, p.sequences, local.u, l.padded_features, nullptr, xz, wide);
  for (std::int64_t b = 0; b < p.sequences; ++b) {
    float* const window = p.state + b * l.state_size + layer * l.state_layer + part * l.state_part;
    for (std::int64_t d = 0; d < recurrent_part; d += width) {
      float* const at = xz + b * wide + d;
      V const x = L::load(at);
      V sum = L::load(w + l.conv_bias + d) + L::load(w + l.conv_weight + (l.d_conv - 1) * recurrent_part + d) * x;
      for (std::int64_t j = 0; j < l.d_conv - 1; ++j) {
        V const past = L::load(window + j * recurrent_part + d);
        sum += L::load(w + l.conv_weight + j * recurrent_part + d) * past;
        if (p.keep && j > 0) L::store(window + (j - 1) * recurrent_part + d, past);
      }
      if (p.keep) L::store(window + (l.d_conv - 2) * recurrent_part + d, x);
      L::store(at, sum * L::sigmoid(sum));
    }
  }
  times(w + l.x_proj, recurrent_part, l.padded_dbl, p.sequences, xz, wide, nullptr,
        p.dbl + part * p.sequences * l.padded_dbl, l.padded_dbl);
}

void scan(RecurrentPass const& p, RecurrentLocal const& local, std::int64_t layer, std::int64_t part) {
  DenormalsAreZero const denormals_are_zero;
  auto const& l = *p.layout;
  float const* const w = p.weights + l.first_layer + layer * l.layer_size + l.first_part + part * l.part_size;
  constexpr std::int64_t wide = 2 * recurrent_part;
  float* const dbl = local.wide;
  for (std::int64_t b = 0; b < p.sequences; ++b) {
    for (std::int64_t j = 0; j < l.padded_dbl; j += width) {
      V sum = L::load(p.dbl + b * l.padded_dbl + j);
      for (std::int64_t other = 1; other < l.parts; ++other)
        sum += L::load(p.dbl + (other * p.sequences + b) * l.padded_dbl + j);
      L::store(dbl + j, sum);
    }
    float const* const B = dbl + l.rank;
    float const* const C = B + l.states;
    float* const xz = p.xz + (part * p.sequences + b) * wide;
    float* const s =
        p.state + b * l.state_size + layer * l.state_layer + part * l.state_part + (l.d_conv - 1) * recurrent_part;
    for (std::int64_t d = 0; d < recurrent_part; d += width) {
      V raw = L::load(w + l.dt_bias + d);
      for (std::int64_t r = 0; r < l.rank; ++r) raw += dbl[r] * L::load(w + l.dt_weight + r * recurrent_part + d);
      V const delta = L::softplus(raw), x = L::load(xz + d), delta_x = delta * x;
      V y = L::load(w + l.D + d) * x;
      for (std::int64_t n = 0; n < l.states; ++n) {
        float* const at = s + n * recurrent_part + d;
        V const next = L::exp2(delta * L::load(w + l.decay + n * recurrent_part + d)) * L::load(at) + delta_x * B[n];
        y += C[n] * next;
        if (p.keep) L::store(at, next);
      }
      V const z = L::load(xz + recurrent_part + d);
      L::store(xz + d, y * z * L::sigmoid(z));
    }
  }
  times(w + l.out_proj, recurrent_part, l.padded_features, p.sequences, p.xz + part * p.sequences * wide, wide, nullptr,
        p.out + part * p.sequences * l.padded_features, l.padded_features);
}

void head(RecurrentPass const& p, RecurrentLocal const& local, std::int64_t head, std::int64_t part) {
  auto const& l = *p.layout;
  float const* const w = p.weights + l.first_head + head * l.head_size + l.head_first_part + part * l.head_part_size;
  for (std::int64_t b = 0; b < p.sequences; ++b) {
    float* const hidden = local.wide;
    times(w + l.head_weight0, l.features, recurrent_part, 1, local.u + b * l.padded_features, 0, w + l.head_bias0,
          hidden, 0);
    for (std::int64_t d = 0; d < recurrent_part; d += width) {
      V const a = L::load(hidden + d);
      L::store(hidden + d, a * (0.5f + 0.5f * erf(a * 0.70710678118654752440f)));
    }
    times(w + l.head_weight2, recurrent_part, l.padded_channels, 1, hidden, 0, nullptr,
          p.head_out + ((head * l.hidden_parts + part) * p.sequences + b) * l.padded_channels, 0);
  }
}

}  // namespace

RecurrentLanes recurrent_lanes() { return {&enter, &gather, &project, &scan, &head}; }

}  // namespace mambasynth::kernels::MAMBASYNTH_LANES
