#pragma once

#include <cuda_bf16.h>

#include "kernels/cuda/barrier.cuh"

// Tensor-core products of one warp, and their operands. With r = lane / 4 and q = lane % 4 a lane holds
//   A (16 rows, 16 columns): {row r, columns 2q 2q+1} {row r+8} {row r, columns 2q+8 2q+9} {row r+8, the same}
//   B (16 rows, 8 columns):  {rows 2q 2q+1, column r} {rows 2q+8 2q+9, column r}
//   D (16 rows, 8 columns):  (r, 2q) (r, 2q+1) (r+8, 2q) (r+8, 2q+1)
namespace mambasynth::kernels::cuda::device {

/// D += A B, bf16 products summed in fp32.
__device__ inline void mma(float (&d)[4], unsigned const (&a)[4], unsigned b0, unsigned b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
/// The same with 8 columns of A and 8 rows of B: the first halves.
__device__ inline void mma(float (&d)[4], unsigned a0, unsigned a1, unsigned b0) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a0), "r"(a1), "r"(b0));
}

/// D = A B.
__device__ inline void mma_fresh(float (&d)[4], unsigned const (&a)[4], unsigned b0, unsigned b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%10,%10,%10};"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "f"(0.f));
}

/// Four 8 x 8 matrices between shared memory and an A operand; lane l gives the address of row l % 8 of matrix l / 8,
/// 16 bytes. Transposed: what was stored with (row, column) is loaded as (column, row).
__device__ inline void load_matrices(unsigned (&m)[4], unsigned shared_address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3])
               : "r"(shared_address)
               : "memory");
}
__device__ inline void load_transposed(unsigned (&m)[4], unsigned shared_address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3])
               : "r"(shared_address)
               : "memory");
}
__device__ inline void store_matrices(unsigned const (&m)[4], unsigned shared_address) {
#if __CUDA_ARCH__ >= 900
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%4], {%0,%1,%2,%3};" ::"r"(m[0]), "r"(m[1]), "r"(m[2]),
               "r"(m[3]), "r"(shared_address)
               : "memory");
#else
  int const lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    unsigned const row = __shfl_sync(0xffffffffu, shared_address, 8 * i + lane / 4);
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(row + lane % 4 * 4), "r"(m[i]) : "memory");
  }
  __syncwarp();
#endif
}

/// 16 bytes from global to shared memory, or zeros where not `valid` (`from` must still be an address of the array).
__device__ inline void copy_async(unsigned to, void const* from, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(valid ? 16 : 0) : "memory");
}
__device__ inline void wait_for_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }

/// Two numbers as a pair of bf16, the first in the low half.
__device__ inline unsigned pack(float low, float high) {
  __nv_bfloat162 const pair = __floats2bfloat162_rn(low, high);
  return reinterpret_cast<unsigned const&>(pair);
}
__device__ inline float low_half(unsigned pair) { return __uint_as_float(pair << 16); }
__device__ inline float high_half(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }
__device__ inline unsigned multiply_pairs(unsigned a, unsigned b) {
  unsigned product;
#if __CUDA_ARCH__ >= 900
  asm("mul.rn.bf16x2 %0, %1, %2;" : "=r"(product) : "r"(a), "r"(b));
#else
  asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(product) : "r"(a), "r"(b), "r"(0x80008000u));  // a b + -0
#endif
  return product;
}

}  // namespace mambasynth::kernels::cuda::device
