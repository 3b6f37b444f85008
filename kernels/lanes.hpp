#pragma once

// Vectors as wide as the instruction set that the including file is compiled for, and the vector functions that the
// kernels need. The files that include this are compiled once for each instruction set, with MAMBASYNTH_LANES =
// baseline, avx2, avx512 as the name of their namespace. They must not use anything inline from the standard library:
// the linker keeps one copy of an inline function, and it may be the one that needs AVX-512.
//
// GCC's vector extension (clang has it too) instead of intrinsics: the same source serves SSE2, AVX2, AVX-512 and NEON.

#include <cstdint>
#include <utility>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define MAMBASYNTH_LANE_BYTES 64
#elif defined(__AVX2__)
#define MAMBASYNTH_LANE_BYTES 32
#else
#define MAMBASYNTH_LANE_BYTES 16
#endif
#define MAMBASYNTH_INLINE __attribute__((always_inline)) inline

namespace mambasynth::kernels::MAMBASYNTH_LANES {

template <class T>
struct LaneTypes;
template <>
struct LaneTypes<float> {
  typedef float V __attribute__((vector_size(MAMBASYNTH_LANE_BYTES)));
  typedef float Unaligned __attribute__((vector_size(MAMBASYNTH_LANE_BYTES), aligned(4), may_alias));
  typedef std::uint32_t U __attribute__((vector_size(MAMBASYNTH_LANE_BYTES)));
  using Bits = std::uint32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr float magic = 0x1.8p23f;  // adding it rounds to an integer
  static constexpr float whole = 0x1p23f;
  static constexpr float exp_low = -87, exp_high = 88;  // e^x stays a normal number
  static constexpr float exp2_low = -126;
  static constexpr float ln2_high = 0x1.63p-1f, ln2_low = -0x1.bd0106p-13f;
  // 2^r - 1 = r (c0 + c1 r + ...) on [-1/2, 1/2]: interpolated at Chebyshev nodes, error 5.1e-9
  static constexpr float exp2_terms[] = {0.693147188026228781f,   0.240226507605681269f,   0.0555035711421907782f,
                                         0.00961808255727785149f, 0.00133908633646712344f, 0.000154531629451206902f};
  static constexpr int log_terms = 4;
};
template <>
struct LaneTypes<double> {
  typedef double V __attribute__((vector_size(MAMBASYNTH_LANE_BYTES)));
  typedef double Unaligned __attribute__((vector_size(MAMBASYNTH_LANE_BYTES), aligned(8), may_alias));
  typedef std::uint64_t U __attribute__((vector_size(MAMBASYNTH_LANE_BYTES)));
  using Bits = std::uint64_t;
  static constexpr int mantissa_bits = 52;
  static constexpr double magic = 0x1.8p52;
  static constexpr double whole = 0x1p52;
  static constexpr double exp_low = -708, exp_high = 709;
  static constexpr double exp2_low = -1022;
  static constexpr double ln2_high = 0x1.62e42fee00000p-1, ln2_low = 0x1.a39ef35793c76p-33;
  // as above, error 8.4e-18
  static constexpr double exp2_terms[] = {0.693147180559945309,     0.240226506959100982,   0.0555041086648215943,
                                          0.00961812910760688853,   0.00133335581464169353, 0.000154035304417360502,
                                          0.0000152527338298361184, 1.32154425879216897e-6, 1.01780624458457735e-7,
                                          7.0725859492692237e-9,    4.45496059818651839e-10};
  static constexpr int log_terms = 10;
};

/// `value < low ? low : value`: one instruction, which GCC does not generate on its own. The forms with a mask of ones,
/// because GCC 12 warns that the unmasked AVX-512 ones use uninitialized memory.
MAMBASYNTH_INLINE LaneTypes<float>::V not_less(LaneTypes<float>::V value, LaneTypes<float>::V low) {
#if defined(__AVX512F__)
  return (LaneTypes<float>::V)_mm512_maskz_max_ps(0xffff, (__m512)low, (__m512)value);
#elif defined(__AVX2__)
  return (LaneTypes<float>::V)_mm256_max_ps((__m256)low, (__m256)value);
#elif defined(__SSE2__)
  return (LaneTypes<float>::V)_mm_max_ps((__m128)low, (__m128)value);
#else
  return value < low ? low : value;
#endif
}
MAMBASYNTH_INLINE LaneTypes<double>::V not_less(LaneTypes<double>::V value, LaneTypes<double>::V low) {
#if defined(__AVX512F__)
  return (LaneTypes<double>::V)_mm512_maskz_max_pd(0xff, (__m512d)low, (__m512d)value);
#elif defined(__AVX2__)
  return (LaneTypes<double>::V)_mm256_max_pd((__m256d)low, (__m256d)value);
#elif defined(__SSE2__)
  return (LaneTypes<double>::V)_mm_max_pd((__m128d)low, (__m128d)value);
#else
  return value < low ? low : value;
#endif
}

inline constexpr double ln2 = 0.693147180559945309417;
inline constexpr double log2_e = 1.44269504088896340736;

template <class T>
struct Lanes : LaneTypes<T> {
  using typename LaneTypes<T>::V;
  using typename LaneTypes<T>::U;
  using typename LaneTypes<T>::Bits;
  using Constants = LaneTypes<T>;
  static constexpr int width = MAMBASYNTH_LANE_BYTES / static_cast<int>(sizeof(T));

  static MAMBASYNTH_INLINE V load(T const* from) {
    return *reinterpret_cast<typename Constants::Unaligned const*>(from);
  }
  static MAMBASYNTH_INLINE void store(T* to, V value) { *reinterpret_cast<typename Constants::Unaligned*>(to) = value; }
  /// The first `count` lanes, zeros after them.
  static MAMBASYNTH_INLINE V load(T const* from, int count) {
    if (count >= width) return load(from);
    V value{};
    for (int i = 0; i < count; ++i) value[i] = from[i];
    return value;
  }
  static MAMBASYNTH_INLINE void store(T* to, V value, int count) {
    if (count >= width) return store(to, value);
    for (int i = 0; i < count; ++i) to[i] = value[i];
  }
  static MAMBASYNTH_INLINE V splat(T value) { return value - V{}; }

  /// The greater of the two, NaN where `value` is NaN.
  static MAMBASYNTH_INLINE V at_least(T least, V value) { return not_less(value, splat(least)); }
  /// 2^u for u from exp2_low to the format's largest exponent; below, 2^exp2_low. NaN stays NaN.
  static MAMBASYNTH_INLINE V exp2(V u) {
    u = at_least(Constants::exp2_low, u);
    V const shifted = u + Constants::magic;
    V const r = u - (shifted - Constants::magic);
    return scaled_exp2(r, shifted);
  }
  /// e^x for exp_low <= x <= exp_high; outside, the value at the nearer bound. NaN stays NaN.
  static MAMBASYNTH_INLINE V exp(V x) {
    x = at_least(Constants::exp_low, x);
    x = x > Constants::exp_high ? splat(Constants::exp_high) : x;
    V const shifted = x * static_cast<T>(log2_e) + Constants::magic;
    V const k = shifted - Constants::magic;
    V const r = (x - k * Constants::ln2_high) - k * Constants::ln2_low;
    return scaled_exp2(r * static_cast<T>(log2_e), shifted);
  }
  /// ln(1 + w) for w >= 0, to about 1 unit in the last place however small w is.
  static MAMBASYNTH_INLINE V log1p(V w) {
    // 1 + w = 2^k m with m in [sqrt(1/2), sqrt(2)); f = m - 1 recovers what the sum lost.
    constexpr T root_half = static_cast<T>(0.70710678118654752440);
    V const u = T{1} + w;
    V const lost = w > T{1} ? V{} : w - (u - T{1});
    U const k = (reinterpret_cast<U>(u) - bits_of(root_half)) >> Constants::mantissa_bits;
    V const m = reinterpret_cast<V>(reinterpret_cast<U>(u) - (k << Constants::mantissa_bits));
    V const scale = reinterpret_cast<V>(bits_of(T{1}) - (k << Constants::mantissa_bits));
    V const whole_k = reinterpret_cast<V>(k | bits_of(Constants::whole)) - Constants::whole;
    V const f = (m - T{1}) + lost * scale;
    // ln(1 + f) = 2 artanh(s) = 2 s + s rest, s = f / (2 + f), |s| < 0.172. As 2 s = f - s f, f itself leads the sum.
    V const s = f / (T{2} + f);
    V const s2 = s * s;
    V sum = splat(T{1} / static_cast<T>(2 * Constants::log_terms + 1));
#pragma GCC unroll 16
    for (int i = Constants::log_terms - 1; i > 0; --i) sum = sum * s2 + T{1} / static_cast<T>(2 * i + 1);
    V const rest = (s2 + s2) * sum;
    return whole_k * static_cast<T>(ln2) + (f - s * (f - rest));
  }
  static MAMBASYNTH_INLINE V sigmoid(V x) { return T{1} / (T{1} + exp(-x)); }
  /// ln(1 + e^x), x itself above 20 as in PyTorch, and its derivative.
  static MAMBASYNTH_INLINE V softplus(V x) {
    V const curved = log1p(exp(x));
    return x <= T{20} ? curved : x;
  }
  static MAMBASYNTH_INLINE V softplus(V x, V& slope) {
    V const e = exp(x), curved = log1p(e);
    slope = x > T{20} ? splat(T{1}) : e / (T{1} + e);
    return x <= T{20} ? curved : x;
  }

  /// Lane i of the result is the sum over the lanes of vectors[i], i < width.
  static MAMBASYNTH_INLINE V sums_of_lanes(V const* vectors) {
    V level[width];
#pragma GCC unroll 16
    for (int i = 0; i < width; ++i) level[i] = vectors[i];
#pragma GCC unroll 4
    for (int count = width / 2; count > 0; count /= 2)
#pragma GCC unroll 8
      for (int i = 0; i < count; ++i) level[i] = sums_of_pairs(level[2 * i], level[2 * i + 1]);
    return level[0];
  }

 private:
  static constexpr Bits bits_of(T value) { return __builtin_bit_cast(Bits, value); }

  /// 2^r 2^k, where `shifted` = magic + k and |r| <= 1/2.
  static MAMBASYNTH_INLINE V scaled_exp2(V r, V shifted) {
    constexpr int terms = sizeof(Constants::exp2_terms) / sizeof(T);
    V sum = splat(Constants::exp2_terms[terms - 1]);
#pragma GCC unroll 16
    for (int i = terms - 2; i >= 0; --i) sum = sum * r + Constants::exp2_terms[i];
    sum = sum * r + T{1};
    // The low bits of `shifted` are k. A product, not an addition to the exponent of `sum`: NaN must stay NaN.
    return sum * reinterpret_cast<V>((reinterpret_cast<U>(shifted) << Constants::mantissa_bits) + bits_of(T{1}));
  }

  template <int... I>
  static MAMBASYNTH_INLINE V sums_of_pairs(V a, V b, std::integer_sequence<int, I...>) {
    return __builtin_shufflevector(a, b, (2 * I)...) + __builtin_shufflevector(a, b, (2 * I + 1)...);
  }
  static MAMBASYNTH_INLINE V sums_of_pairs(V a, V b) {
    return sums_of_pairs(a, b, std::make_integer_sequence<int, width>{});
  }
};

/// Flushes denormal numbers to zero during its lifetime: on some processors each costs a hundred cycles, and decaying
/// states produce many.
class DenormalsAreZero {
 public:
#if defined(__SSE2__)
  DenormalsAreZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040u); }
  ~DenormalsAreZero() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#else
  DenormalsAreZero() {}
#endif
  DenormalsAreZero(DenormalsAreZero const&) = delete;
  DenormalsAreZero& operator=(DenormalsAreZero const&) = delete;
};

}  // namespace mambasynth::kernels::MAMBASYNTH_LANES
