#pragma once

#include "kernels/cuda/element.cuh"

namespace mambasynth::kernels::cuda::device {

/// N adjacent elements as stored: read with as few instructions as alignment allows (16 bytes each), so that several
/// can be in flight before the first is used. N = 1 takes any address.
template <class T, int N>
struct Packed {
  static constexpr int words = N * static_cast<int>(sizeof(T)) / 4;
  struct alignas(words >= 4 ? 16 : words * 4) Words {
    unsigned word[words];
  };
  Words raw;

  __device__ static Packed load(T const* p) { return {*reinterpret_cast<Words const*>(p)}; }
  __device__ static Packed zero() {
    Packed v;
#pragma unroll
    for (int i = 0; i < words; ++i) v.raw.word[i] = 0;
    return v;
  }
  __device__ void store(T* p) const { *reinterpret_cast<Words*>(p) = raw; }
  __device__ void to(float (&v)[N]) const {
#pragma unroll
    for (int i = 0; i < words; ++i) {
      if constexpr (sizeof(T) == 4) {
        v[i] = __uint_as_float(raw.word[i]);
      } else {
        v[2 * i] = __uint_as_float(raw.word[i] << 16);
        v[2 * i + 1] = __uint_as_float(raw.word[i] & 0xffff0000U);
      }
    }
  }
  __device__ static Packed from(float const (&v)[N]) {
    Packed p;
#pragma unroll
    for (int i = 0; i < words; ++i) {
      if constexpr (sizeof(T) == 4) {
        p.raw.word[i] = __float_as_uint(v[i]);
      } else {
        __nv_bfloat162 const two = __floats2bfloat162_rn(v[2 * i], v[2 * i + 1]);
        p.raw.word[i] = *reinterpret_cast<unsigned const*>(&two);
      }
    }
    return p;
  }
};

template <class T>
struct Packed<T, 1> {
  T raw;
  __device__ static Packed load(T const* p) { return {*p}; }
  __device__ static Packed zero() { return {from_float<T>(0)}; }
  __device__ void store(T* p) const { *p = raw; }
  __device__ void to(float (&v)[1]) const { v[0] = to_float(raw); }
  __device__ static Packed from(float const (&v)[1]) { return {from_float<T>(v[0])}; }
};

/// N floats without further alignment: parameters, read once per thread.
template <int N>
__device__ inline void load_floats(float const* p, float (&v)[N]) {
#pragma unroll
  for (int i = 0; i < N; ++i) v[i] = p[i];
}

// e^v and 1 / v: accurate to the last bit or two where results stay fp32; where they are rounded to bf16, one
// instruction each.
template <class T>
__device__ inline float exponential(float v) {
  if constexpr (sizeof(T) == 4) return expf(v);
  float e;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(e) : "f"(v * 1.4426950408889634F));
  return e;
}
template <class T>
__device__ inline float reciprocal(float v) {
  if constexpr (sizeof(T) == 4) return 1 / v;
  float r;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(v));
  return r;
}

}  // namespace mambasynth::kernels::cuda::device
