#include "train/augment.hpp"

#include <ATen/ATen.h>

#include <span>

#include "series/householder.hpp"

namespace mambasynth::train {

at::Tensor rotation(config::Train const& train, std::int64_t channels, PhiloxStream const& draws) {
  auto const normal =
      draws.normal(PhiloxStream::Purpose::rotation, 0, 1, channels * channels).view({channels, channels});
  if (train.aug_rotate_eps > 0) return at::matrix_exp((normal - normal.t()) * (train.aug_rotate_eps / 2));
  auto const size = static_cast<std::size_t>(channels);
  auto const factor = series::orthonormal_factor(std::span(normal.const_data_ptr<double>(), size * size), size, size);
  return at::tensor(factor, at::kDouble).view({channels, channels});
}

at::Tensor scales(config::Train const& train, std::int64_t first, std::int64_t count, PhiloxStream const& draws) {
  return (1 + train.aug_scale * (2 * draws.uniform(PhiloxStream::Purpose::scale, first, count, 1) - 1)).view({count});
}

AugmentedWindows augmented(config::Train const& train, at::Tensor const& x, model::DropoutKey const& key) {
  PhiloxStream const draws(key.seed, key.step);
  auto const batch = x.size(0), time = x.size(1), channels = x.size(2);
  auto target = x;
  if (train.aug_rotate) target = at::matmul(target, rotation(train, channels, draws).t().to(x.scalar_type()));
  if (train.aug_scale > 0)
    target = target * scales(train, key.first_sample, batch, draws).view({batch, 1, 1}).to(x.scalar_type());
  if (train.aug_noise == 0) return {target, target};
  auto const noise = draws.normal(PhiloxStream::Purpose::noise, key.first_sample, batch, time * channels);
  return {target + (train.aug_noise * noise).view({batch, time, channels}).to(x.scalar_type()), target};
}

}  // namespace mambasynth::train
