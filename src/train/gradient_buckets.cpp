#include "train/gradient_buckets.hpp"

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

namespace mambasynth::train {

std::vector<GradientBucket> gradient_buckets(model::Network const& network) {
  auto const offset = network.weights_as([](model::Parameter const& parameter) { return parameter.offset; });
  std::vector<GradientBucket> all{{offset.final_weight, network.flat().numel()}};
  for (auto i = offset.layers.size(); i-- > 0;)
    all.push_back({i == 0 ? 0 : offset.layers[i].norm_weight, all.back().first});
  return all;
}

class GradientReducer::Hook final : public torch::autograd::PostAccumulateGradHook {
 public:
  Hook(GradientReducer& owner, std::size_t bucket) : owner_(owner), bucket_(bucket) {}
  void operator()(torch::autograd::Variable const&) override { owner_.parameter_completed(bucket_); }

 private:
  GradientReducer& owner_;
  std::size_t bucket_;
};

GradientReducer::GradientReducer(model::Network& network, parallel::Group& group)
    : network_(network), group_(group), buckets_(gradient_buckets(network)), parameters_(buckets_.size(), 0) {
  if (group_.size() == 1) return;
  for (auto const& parameter : network_.parameters())
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      if (parameter.offset < buckets_[i].first || parameter.offset >= buckets_[i].last) continue;
      ++parameters_[i];
      torch::autograd::impl::set_post_acc_grad_hooks(parameter.tensor, std::make_unique<Hook>(*this, i));
    }
}

GradientReducer::~GradientReducer() {
  if (group_.size() == 1) return;
  for (auto const& parameter : network_.parameters())
    torch::autograd::impl::set_post_acc_grad_hooks(parameter.tensor, nullptr);
}

void GradientReducer::prepare_for_last_backward() {
  missing_ = parameters_;
  last_backward_ = true;
}

void GradientReducer::parameter_completed(std::size_t bucket) {
  if (!last_backward_) return;
  --missing_[bucket];
  start_ready(false);
  group_.progress();
}

void GradientReducer::start_ready(bool all) {
  // In the same order on every rank, whatever order autograd takes.
  while (started_ < buckets_.size() && (all || missing_[started_] == 0)) {
    auto const& bucket = buckets_[started_++];
    group_.begin_all_reduce({network_.flat_gradient().mutable_data_ptr<float>() + bucket.first,
                             static_cast<std::size_t>(bucket.last - bucket.first)});
  }
}

void GradientReducer::finish() {
  if (group_.size() == 1) return;
  start_ready(true);
  last_backward_ = false;
  started_ = 0;
  group_.wait_all();
}

}  // namespace mambasynth::train
