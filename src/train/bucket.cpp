#include "train/bucket.hpp"

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

namespace mambasynth::train {

std::vector<Stretch> stretches(model::Network const& network) {
  auto const offset = network.weights_as([](model::Parameter const& parameter) { return parameter.offset; });
  std::vector<Stretch> all{{offset.final_weight, network.flat().numel()}};
  for (auto i = offset.layers.size(); i-- > 0;)
    all.push_back({i == 0 ? 0 : offset.layers[i].norm_weight, all.back().first});
  return all;
}

class Bucket::Hook final : public torch::autograd::PostAccumulateGradHook {
 public:
  Hook(Bucket& owner, std::size_t stretch) : owner_(owner), stretch_(stretch) {}
  void operator()(torch::autograd::Variable const&) override { owner_.completed(stretch_); }

 private:
  Bucket& owner_;
  std::size_t stretch_;
};

Bucket::Bucket(model::Network& network, parallel::Group& group)
    : network_(network), group_(group), stretches_(stretches(network)), parameters_(stretches_.size(), 0) {
  if (group_.size() == 1) return;
  for (auto const& parameter : network_.parameters())
    for (std::size_t i = 0; i < stretches_.size(); ++i) {
      if (parameter.offset < stretches_[i].first || parameter.offset >= stretches_[i].last) continue;
      ++parameters_[i];
      torch::autograd::impl::set_post_acc_grad_hooks(parameter.tensor, std::make_unique<Hook>(*this, i));
    }
}

Bucket::~Bucket() {
  if (group_.size() == 1) return;
  for (auto const& parameter : network_.parameters())
    torch::autograd::impl::set_post_acc_grad_hooks(parameter.tensor, nullptr);
}

void Bucket::arm() {
  missing_ = parameters_;
  armed_ = true;
}

void Bucket::completed(std::size_t stretch) {
  if (!armed_) return;
  --missing_[stretch];
  begin_ready(false);
  group_.progress();
}

void Bucket::begin_ready(bool all) {
  // In one order on every rank, whatever order autograd took.
  while (begun_ < stretches_.size() && (all || missing_[begun_] == 0)) {
    auto const& stretch = stretches_[begun_++];
    group_.begin_all_reduce({network_.flat_gradient().mutable_data_ptr<float>() + stretch.first,
                             static_cast<std::size_t>(stretch.last - stretch.first)});
  }
}

void Bucket::finish() {
  if (group_.size() == 1) return;
  begin_ready(true);
  armed_ = false;
  begun_ = 0;
  group_.wait_all();
}

}  // namespace mambasynth::train
