#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/nearest/nearest.hpp"
#include "kernels/cuda/nearest/nearest_candidates.cuh"
#include "kernels/cuda/nearest/nearest_exact.cuh"

namespace mambasynth::kernels::cuda {
namespace {

static_assert(nearest_tile == device::panel_rows && nearest_slab == device::panel_dims);
static_assert(most_nearest_sample == device::most_sample);
constexpr unsigned product_threads = 256;
constexpr std::int64_t summing_rows = 264;  // blocks that share the rows of a sum; the same number on every card

struct Workspace {
  // Of single precision.
  double *partial, *mean, *length;
  float *packed, *norm, *sample, *sample_norm, *values, *limit;
  int *list, *count;
  // Of double, when single precision is done.
  unsigned long long* key;
  std::size_t bytes;
};

Workspace arena(NearestPlan const& plan, std::int64_t stride, std::byte* base) {
  Workspace w{};
  Arena sift(base), exact(base);
  if (plan.sift) {
    auto const rows = plan.panels() * nearest_tile, panel = plan.packed_dims();
    w.partial = sift.take<double>(summing_rows * stride);
    w.mean = sift.take<double>(stride);
    w.length = sift.take<double>(plan.points);
    w.packed = sift.take<float>(rows * panel);
    w.norm = sift.take<float>(rows);
    w.sample = sift.take<float>(plan.sample * panel);
    w.sample_norm = sift.take<float>(plan.sample);
    w.values = sift.take<float>(plan.sift_queries * plan.sample);
    w.limit = sift.take<float>(plan.sift_queries);
    w.list = sift.take<int>(plan.sift_queries * plan.capacity);
    w.count = sift.take<int>(plan.sift_queries);
  }
  w.key = exact.take<unsigned long long>(plan.exact_queries * plan.points);
  w.bytes = std::max(sift.used(), exact.used());
  return w;
}

std::int64_t stride_of(NearestPlan const& plan) { return ceil_div(plan.dims, 4) * 4; }

template <class T>
void require_fitting(NearestPlan const& plan, NearestTask<T> const& task) {
  if (task.points != plan.points || task.k != plan.k || task.stride != stride_of(plan))
    throw std::invalid_argument("rows that do not match the plan, or whose stride is not a multiple of 4");
  if (plan.k < 1 || plan.k >= plan.points || plan.points > 0x7fffffff)
    throw std::invalid_argument("more neighbors than other points, or more than 2^31 - 1 points");
}

unsigned grid(std::int64_t blocks) {
  if (blocks > 0x7fffffff) throw std::invalid_argument("more than 2^31 blocks of a search for neighbors");
  return static_cast<unsigned>(blocks);
}

}  // namespace

std::size_t nearest_workspace_bytes(NearestPlan const& plan) { return arena(plan, stride_of(plan), nullptr).bytes; }

template <class T>
void nearest_lengths(NearestPlan const& plan, NearestTask<T> const& task, std::byte* workspace, NearestStatus* status,
                     Stream stream) {
  require_fitting(plan, task);
  if (!plan.sift) throw std::invalid_argument("lengths for a plan without single precision");
  auto const w = arena(plan, task.stride, workspace);
  constexpr unsigned threads = 128, row_threads = 256, most_blocks = 4096;
  auto const across = grid(ceil_div(task.stride, threads));
  device::nearest_column_sums<<<dim3(summing_rows, across), threads, 0, stream>>>(task, w.partial);
  device::nearest_mean<<<across, threads, 0, stream>>>(task.points, task.stride, summing_rows, w.partial, w.mean);
  auto const blocks = std::min<std::int64_t>(ceil_div(task.points, row_threads / 32), most_blocks);
  device::nearest_lengths<<<grid(blocks), row_threads, 0, stream>>>(task, w.mean, w.length, status);
  check_launch("nearest_lengths");
}

template <class T>
void nearest_sift(NearestPlan const& plan, NearestTask<T> const& task, std::int32_t const* sample, double longest,
                  std::byte* workspace, std::int32_t* unresolved, NearestStatus* status, Stream stream) {
  require_fitting(plan, task);
  if (!plan.sift || !nearest_length_in_range(longest))
    throw std::invalid_argument("rows that single precision cannot tell apart");
  auto const w = arena(plan, task.stride, workspace);
  int exponent = 0;
  auto const radius = std::frexp(longest, &exponent);
  device::SiftError const error{std::ldexp(1.0, -exponent), nearest_error_unit(plan.dims), radius};
  auto const slabs = static_cast<int>(plan.packed_dims() / nearest_slab);
  auto const samples = static_cast<int>(plan.sample), capacity = static_cast<int>(plan.capacity);
  auto const sample_panels = plan.sample / nearest_tile;
  auto const pack = [&](int const* chosen, std::int64_t count, std::int64_t panels, float* packed, float* norm) {
    device::nearest_pack<<<dim3(grid(panels), static_cast<unsigned>(slabs)), device::panel_rows, 0, stream>>>(
        task, chosen, count, w.mean, w.length, error.scale, packed, norm);
  };
  pack(nullptr, plan.points, plan.panels(), w.packed, w.norm);
  pack(sample, plan.sample, sample_panels, w.sample, w.sample_norm);
  for (std::int64_t first = 0; first < plan.points; first += plan.sift_queries) {
    auto const queries = std::min(plan.sift_queries, plan.points - first);
    auto const first_panel = first / nearest_tile, panels = ceil_div(queries, nearest_tile);
    device::nearest_sample_values<<<grid(panels * sample_panels), product_threads, 0, stream>>>(
        task, first_panel, static_cast<int>(panels), slabs, w.packed, w.sample, w.sample_norm, sample, samples,
        w.values);
    device::nearest_limits<<<grid(queries), device::limit_threads, 0, stream>>>(
        first, samples, static_cast<int>(plan.rank), w.values, w.length, error, w.limit, w.count);
    device::nearest_sift<<<grid(panels * plan.panels()), product_threads, 0, stream>>>(
        task, first_panel, static_cast<int>(panels), slabs, w.packed, w.norm, w.limit, capacity, w.list, w.count);
    auto const shared = static_cast<std::size_t>(capacity) * (sizeof(unsigned long long) + sizeof(int));
    device::nearest_candidates<<<grid(queries), device::candidate_threads, shared, stream>>>(
        task, first, capacity, w.list, w.count, w.limit, w.length, error, unresolved, status);
  }
  check_launch("nearest_sift");
}

template <class T>
void nearest_exact(NearestPlan const& plan, NearestTask<T> const& task, std::int32_t const* queries, std::int64_t count,
                   std::byte* workspace, NearestStatus* status, Stream stream) {
  require_fitting(plan, task);
  auto const w = arena(plan, task.stride, workspace);
  auto const candidate_tiles = ceil_div(task.points, device::exact_tile);
  for (std::int64_t first = 0; first < count; first += plan.exact_queries) {
    auto const here = std::min(plan.exact_queries, count - first);
    auto const query_tiles = ceil_div(here, device::exact_tile);
    device::nearest_squared<<<grid(query_tiles * candidate_tiles), 256, 0, stream>>>(
        task, queries, first, static_cast<int>(here), static_cast<int>(query_tiles), w.key);
    device::nearest_select<<<grid(here), device::select_threads, 0, stream>>>(task, queries, first, w.key, status);
  }
  check_launch("nearest_exact");
}

template void nearest_lengths(NearestPlan const&, NearestTask<float> const&, std::byte*, NearestStatus*, Stream);
template void nearest_lengths(NearestPlan const&, NearestTask<double> const&, std::byte*, NearestStatus*, Stream);
template void nearest_sift(NearestPlan const&, NearestTask<float> const&, std::int32_t const*, double, std::byte*,
                           std::int32_t*, NearestStatus*, Stream);
template void nearest_sift(NearestPlan const&, NearestTask<double> const&, std::int32_t const*, double, std::byte*,
                           std::int32_t*, NearestStatus*, Stream);
template void nearest_exact(NearestPlan const&, NearestTask<float> const&, std::int32_t const*, std::int64_t,
                            std::byte*, NearestStatus*, Stream);
template void nearest_exact(NearestPlan const&, NearestTask<double> const&, std::int32_t const*, std::int64_t,
                            std::byte*, NearestStatus*, Stream);

}  // namespace mambasynth::kernels::cuda
