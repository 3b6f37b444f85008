#include "gpu/neighbors.hpp"

#include <c10/util/Exception.h>
#include <cuda_runtime_api.h>

#include <bit>
#include <cmath>
#include <mutex>
#include <utility>

#include "analysis/neighbors/neighbor_checks.hpp"
#include "analysis/neighbors/scaled_rows.hpp"
#include "gpu/current_stream.hpp"
#include "gpu/tensors.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/nearest/nearest.hpp"

namespace mambasynth::gpu {
namespace {

namespace k = kernels;
using analysis::neighbors::Neighbors;
using analysis::neighbors::TemporalWindow;

template <class T>
at::Tensor upload(std::span<T const> values, at::ScalarType dtype) {
  auto const count = static_cast<std::int64_t>(values.size());
  return at::from_blob(const_cast<T*>(values.data()), {count}, dtype).to(at::kCUDA);
}

/// Rows as the kernels read them: zeros up to a multiple of four dimensions.
template <class T>
at::Tensor padded(std::span<T const> rows, std::int64_t points, std::int64_t dims) {
  constexpr auto dtype = std::is_same_v<T, double> ? at::kDouble : at::kFloat;
  auto const dense = upload(rows, dtype).view({points, dims});
  auto const stride = (dims + 3) / 4 * 4;
  if (stride == dims) return dense;
  auto const wide = at::zeros({points, stride}, on_gpu(dtype));
  wide.narrow(1, 0, dims).copy_(dense);
  return wide;
}

template <class T>
class Pass {
 public:
  Pass(std::span<T const> rows, std::int64_t points, std::int64_t dims, std::int64_t neighbors,
       TemporalWindow const& window)
      : plan_(k::cuda::nearest_plan(points, dims, neighbors)),
        rows_(padded(rows, points, dims)),
        distance_(at::empty({points * neighbors}, on_gpu(at::kDouble))),
        index_(at::empty({points * neighbors}, on_gpu(at::kInt))),
        unresolved_(at::empty({points}, on_gpu(at::kInt))),
        status_(at::zeros({sizeof(k::cuda::NearestStatus)}, on_gpu(at::kByte))),
        workspace_(byte_array(k::cuda::nearest_workspace_bytes(plan_))) {
    if (window.steps > 0) time_ = upload(window.time, at::kLong);
    task_ = {.points = points,
             .stride = rows_.size(1),
             .k = neighbors,
             .rows = data<T>(rows_),
             .time = window.steps > 0 ? reinterpret_cast<long long const*>(data<std::int64_t>(time_)) : nullptr,
             .steps = window.steps,
             .distance = data<double>(distance_),
             .index = data<int>(index_)};
  }

  [[nodiscard]] bool sifts() const { return plan_.sift; }

  /// Length of the longest centered row; not finite if a row is not.
  [[nodiscard]] double longest() {
    k::cuda::nearest_lengths(plan_, task_, bytes(workspace_), status(), stream_);
    return std::bit_cast<double>(read_status().longest);
  }
  void sift(double longest) {
    auto const sample = k::cuda::nearest_sample(plan_);
    sample_ = upload(std::span(sample), at::kInt);
    k::cuda::nearest_sift(plan_, task_, data<int>(sample_), longest, bytes(workspace_), data<int>(unresolved_),
                          status(), stream_);
    sifted_ = true;
  }
  /// Resolves the remaining queries in double. False if squares overflow.
  [[nodiscard]] bool finish() {
    auto const left = sifted_ ? read_status().unresolved : plan_.points;
    if (left == 0) return true;
    k::cuda::nearest_exact(plan_, task_, sifted_ ? data<int>(unresolved_) : nullptr, left, bytes(workspace_), status(),
                           stream_);
    return read_status().overflow == 0;
  }
  void read(Neighbors& result) {
    copy_home(result.distance.data(), distance_);
    copy_home(result.index.data(), index_);
  }

 private:
  k::cuda::NearestStatus* status() { return reinterpret_cast<k::cuda::NearestStatus*>(bytes(status_)); }
  k::cuda::NearestStatus read_status() {
    k::cuda::NearestStatus host{};
    copy_home(&host, status_);
    return host;
  }
  void copy_home(void* to, at::Tensor const& from) {
    k::cuda::check(cudaMemcpyAsync(to, from.data_ptr(), from.nbytes(), cudaMemcpyDeviceToHost, stream_),
                   "copying neighbors from the GPU");
    k::cuda::check(cudaStreamSynchronize(stream_), "the search for neighbors");
  }

  k::cuda::NearestPlan plan_;
  at::Tensor rows_, distance_, index_, unresolved_, status_, workspace_, time_, sample_;
  k::cuda::NearestTask<T> task_{};
  k::cuda::Stream stream_ = current_stream();
  bool sifted_ = false;
};

template <class T>
Neighbors search(std::span<T const> rows, std::int64_t points, std::int64_t dims, std::int64_t neighbors,
                 TemporalWindow const& window) {
  at::NoGradGuard const no_grad;
  Pass<T> pass(rows, points, dims, neighbors, window);
  if (pass.sifts()) {
    auto const longest = pass.longest();
    if (!std::isfinite(longest)) analysis::neighbors::require_finite(rows, dims);  // else only a square overflowed
    if (k::cuda::nearest_length_in_range(longest)) pass.sift(longest);
  } else {
    analysis::neighbors::require_finite(rows, dims);
  }
  // Zeroing these takes as long as the GPU's work, which runs meanwhile.
  Neighbors result{.points = points, .k = neighbors, .distance = {}, .index = {}};
  result.distance.resize(static_cast<std::size_t>(points * neighbors));
  result.index.resize(static_cast<std::size_t>(points * neighbors));
  if (!pass.finish()) throw analysis::neighbors::squares_overflow();
  pass.read(result);
  return result;
}

class Search final : public analysis::neighbors::NeighborSearch {
 public:
  Search(int threads, std::function<void(std::string const&)> note) : host_(threads), note_(std::move(note)) {}
  [[nodiscard]] Neighbors find(std::span<float const> rows, std::int64_t points, std::int64_t dims,
                               std::int64_t neighbors, TemporalWindow const& window) const override {
    return on_gpu_or_host(rows, points, dims, neighbors, window);
  }
  [[nodiscard]] Neighbors find(std::span<double const> rows, std::int64_t points, std::int64_t dims,
                               std::int64_t neighbors, TemporalWindow const& window) const override {
    return on_gpu_or_host(rows, points, dims, neighbors, window);
  }

 private:
  template <class T>
  [[nodiscard]] Neighbors on_gpu_or_host(std::span<T const> rows, std::int64_t points, std::int64_t dims,
                                         std::int64_t neighbors, TemporalWindow const& window) const {
    analysis::neighbors::require_enough_points(static_cast<std::int64_t>(rows.size()), points, dims, neighbors, window);
    if (analysis::neighbors::may_be_small(rows)) return host_.find(rows, points, dims, neighbors, window);
    if (too_many(k::cuda::nearest_plan(points, dims, neighbors)))
      return host_.find(rows, points, dims, neighbors, window);
    try {
      return search(rows, points, dims, neighbors, window);
    } catch (c10::OutOfMemoryError const&) {
      std::call_once(told_, [&] {
        if (note_)
          note_(
              "note: neighbors are searched on the processor (the GPU has too little memory). The results are the "
              "same.");
      });
      return host_.find(rows, points, dims, neighbors, window);
    }
  }
  /// Whether the processor's sieve beats the GPU without one, whose launches in double have few queries each.
  [[nodiscard]] static bool too_many(k::cuda::NearestPlan const& plan) {
    constexpr std::int64_t most = 1 << 19;
    return plan.sample > 0 && !plan.sift && plan.points > most;
  }

  analysis::neighbors::HostSearch host_;
  std::function<void(std::string const&)> note_;
  mutable std::once_flag told_;
};

}  // namespace

std::unique_ptr<analysis::neighbors::NeighborSearch const> neighbor_search(
    int threads, std::function<void(std::string const&)> note) {
  return std::make_unique<Search>(threads, std::move(note));
}

}  // namespace mambasynth::gpu
