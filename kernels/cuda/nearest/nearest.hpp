#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/nearest/nearest_plan.hpp"
#include "kernels/cuda/nearest/nearest_task.hpp"
#include "kernels/cuda/stream.hpp"

namespace mambasynth::kernels::cuda {

/// The exact k nearest other rows of every row: squared distances in double, summed dimension by dimension with fused
/// multiply-adds, ties in the order of the indices. Bit-identical on every card and on the CPU (analysis/neighbors).
///
/// 1. nearest_lengths centers. 2. nearest_sift, where plan.sift and the longest row allow it, finds the candidates from
/// a product in single precision and resolves most queries. 3. nearest_exact does the others in double. T: float or
/// double. Workspace: nearest_workspace_bytes, 256-byte aligned, the same for all three. status: one object, initially
/// zero.
std::size_t nearest_workspace_bytes(NearestPlan const&);

/// Sets status->longest. Only if plan.sift.
template <class T>
void nearest_lengths(NearestPlan const&, NearestTask<T> const&, std::byte* workspace, NearestStatus* status, Stream);

/// sample: nearest_sample(plan), on the device. longest: status->longest as a number, in range
/// (nearest_length_in_range). unresolved: (point), receives the status->unresolved remaining queries, in no particular
/// order.
template <class T>
void nearest_sift(NearestPlan const&, NearestTask<T> const&, std::int32_t const* sample, double longest,
                  std::byte* workspace, std::int32_t* unresolved, NearestStatus* status, Stream);

/// queries: `count` of them, or nullptr for the first `count` points. Sets status->overflow if squares overflow.
template <class T>
void nearest_exact(NearestPlan const&, NearestTask<T> const&, std::int32_t const* queries, std::int64_t count,
                   std::byte* workspace, NearestStatus* status, Stream);

}  // namespace mambasynth::kernels::cuda
