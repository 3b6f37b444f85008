#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/nearest/nearest_plan.hpp"
#include "kernels/cuda/nearest/nearest_task.hpp"
#include "kernels/cuda/stream.hpp"

namespace mambasynth::kernels::cuda {

/// The k nearest other rows of every row, exact: squared distances in double, summed one dimension after the other with
/// fused multiply-adds, equal ones in the order of the indices; the same bits on any card and as analysis finds them.
///
/// 1. nearest_lengths centres; 2. nearest_sift, where plan.sift and the longest row allow it, finds those that can be
/// near from a product in single precision and settles most queries; 3. nearest_exact does the others in double. T:
/// float or double. Workspace: nearest_workspace_bytes, 256-byte aligned, the same for all three. status: one object,
/// zeros at first.
std::size_t nearest_workspace_bytes(NearestPlan const&);

/// Sets status->longest. Only where plan.sift.
template <class T>
void nearest_lengths(NearestPlan const&, NearestTask<T> const&, std::byte* workspace, NearestStatus* status, Stream);

/// sample: nearest_sample(plan), on the device. longest: status->longest as a number, in range
/// (nearest_length_in_range). unresolved: (point), gets the status->unresolved queries that are left, in no order.
template <class T>
void nearest_sift(NearestPlan const&, NearestTask<T> const&, std::int32_t const* sample, double longest,
                  std::byte* workspace, std::int32_t* unresolved, NearestStatus* status, Stream);

/// queries: `count` of them, or nullptr for the first `count` points. Sets status->overflow where squares overflow.
template <class T>
void nearest_exact(NearestPlan const&, NearestTask<T> const&, std::int32_t const* queries, std::int64_t count,
                   std::byte* workspace, NearestStatus* status, Stream);

}  // namespace mambasynth::kernels::cuda
