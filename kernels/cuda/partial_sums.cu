#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/partial_sums.hpp"

namespace mambasynth::kernels::cuda {

void sum_partials(std::int64_t rows, std::int64_t columns, float const* partial, device::SumTargets const& targets,
                  Stream stream) {
  if (columns == 0) return;
  device::sum_partials<<<static_cast<unsigned>(ceil_div(columns, device::sum_lanes)),
                         dim3(device::sum_lanes, device::sum_rows), 0, stream>>>(rows, columns, partial, targets);
  check_launch("sum_partials");
}

}  // namespace mambasynth::kernels::cuda
