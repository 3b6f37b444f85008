#include "train/windows.hpp"

#include <ATen/ATen.h>

#include <numeric>

namespace mambasynth::train {

at::Tensor Windows::gather(std::span<std::int64_t const> numbers) const {
  auto batch = at::empty({static_cast<std::int64_t>(numbers.size()), length, series.size(1)}, series.options());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    batch[static_cast<std::int64_t>(i)].copy_(series.narrow(0, starts[static_cast<std::size_t>(numbers[i])], length));
  return batch;
}

at::Tensor Windows::range(std::int64_t first, std::int64_t count) const {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), first);
  return gather(numbers);
}

}  // namespace mambasynth::train
