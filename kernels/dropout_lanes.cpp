#include "kernels/dropout_lanes.hpp"

#include "kernels/lanes.hpp"
#include "kernels/philox.hpp"

namespace mambasynth::kernels::MAMBASYNTH_LANES {
namespace {

// One counter per 64-bit lane. Only the low half of a lane matters: the high half never reaches a result.
typedef std::uint64_t Wide __attribute__((vector_size(MAMBASYNTH_LANE_BYTES)));
constexpr int counters = MAMBASYNTH_LANE_BYTES / 8;
constexpr int words_per_run = 4 * counters;

/// The products of the low halves.
MAMBASYNTH_INLINE Wide product(Wide a, std::uint32_t by) {
  Wide const b = Wide{} + by;
#if defined(__AVX512F__)
  // With a mask of ones: GCC 12 warns that the unmasked form uses uninitialized memory.
  return reinterpret_cast<Wide>(
      _mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<Wide>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<Wide>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return (a & 0xffffffffu) * b;
#endif
}

template <int... I>
MAMBASYNTH_INLINE void store_interleaved(Wide a, Wide b, std::uint64_t* to, std::integer_sequence<int, I...>) {
  // I / 2 from a, then from b: a0 b0 a1 b1 ...
  Wide const low = __builtin_shufflevector(a, b, (I / 2 + I % 2 * counters)...);
  Wide const high = __builtin_shufflevector(a, b, (counters / 2 + I / 2 + I % 2 * counters)...);
  __builtin_memcpy(to, &low, sizeof low);
  __builtin_memcpy(to + counters, &high, sizeof high);
}

/// The words of `counters` counters from `first` on; the words of one counter are adjacent.
MAMBASYNTH_INLINE void words_from(std::uint64_t first, std::uint64_t sample, std::uint32_t const (&stream)[2],
                                  std::uint64_t* to) {
  Wide c0{};
  for (int i = 0; i < counters; ++i) c0[i] = first + static_cast<std::uint64_t>(i);
  Wide c1{}, c2 = Wide{} + (sample & 0xffffffffu), c3 = Wide{} + (sample >> 32);
  std::uint32_t key0 = stream[0], key1 = stream[1];
#pragma GCC unroll 10
  for (int round = 0; round < philox_rounds; ++round) {
    Wide const a = product(c0, philox_multiplier_0), b = product(c2, philox_multiplier_1);
    c0 = (b >> 32) ^ c1 ^ std::uint64_t{key0};
    c1 = b;
    c2 = (a >> 32) ^ c3 ^ std::uint64_t{key1};
    c3 = a;
    key0 += philox_weyl_0;
    key1 += philox_weyl_1;
  }
  constexpr std::uint64_t low = 0xffffffffu;
  store_interleaved((c0 & low) | (c1 << 32), (c2 & low) | (c3 << 32), to, std::make_integer_sequence<int, counters>{});
}

}  // namespace

template <class T>
void dropout_run(DropoutRun<T> const& run) {
  alignas(MAMBASYNTH_LANE_BYTES) std::uint32_t words[words_per_run];
  alignas(MAMBASYNTH_LANE_BYTES) std::uint64_t pairs[words_per_run / 2];
  for (std::int64_t done = 0; done < run.count; done += words_per_run) {
    words_from(static_cast<std::uint64_t>(run.first + done) / 4, run.sample, run.stream, pairs);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    __builtin_memcpy(words, pairs, sizeof words);
#else
#error "the two words of a pair are in the other order"
#endif
    auto const left = run.count - done;
    T const* const x = run.x + done;
    T* const out = run.out + done;
    if (left >= words_per_run)
      for (int i = 0; i < words_per_run; ++i) out[i] = words[i] >= run.threshold ? x[i] * run.scale : T{};
    else
      for (int i = 0; i < left; ++i) out[i] = words[i] >= run.threshold ? x[i] * run.scale : T{};
  }
}
template void dropout_run(DropoutRun<float> const&);
template void dropout_run(DropoutRun<double> const&);

}  // namespace mambasynth::kernels::MAMBASYNTH_LANES
