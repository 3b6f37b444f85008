#include "gpu/predictor.hpp"

#include <c10/cuda/CUDAStream.h>

#include <optional>

#include "gpu/device.hpp"
#include "gpu/engine.hpp"
#include "gpu/tensors.hpp"

namespace mambasynth::gpu {
namespace {

class GpuPredictor final : public model::Predictor {
 public:
  explicit GpuPredictor(model::Network const& network) : network_(network) { use_exact_products(); }

  [[nodiscard]] config::Model const& config() const override { return network_.config(); }
  [[nodiscard]] std::int64_t channels() const override { return network_.channels(); }
  [[nodiscard]] config::Integers const& horizons() const override { return network_.horizons(); }

  [[nodiscard]] std::vector<at::Tensor> predict(at::Tensor const& x) const override {
    auto& engine = engine_for(x);
    engine.forward(x.size(0), {});
    return heads(engine, x);
  }

  [[nodiscard]] model::Encoding encode(at::Tensor const& x) const override {
    auto& engine = engine_for(x);
    model::Encoding encoding;
    engine.forward(x.size(0), {},
                   [&](std::int64_t, at::Tensor const& h) { encoding.layers.push_back(home(h, x, h.size(1))); });
    encoding.predictions = heads(engine, x);
    return encoding;
  }

  [[nodiscard]] std::vector<model::GateSignals> gates(at::Tensor const& x) const override {
    at::NoGradGuard const no_grad;
    auto& engine = engine_for(x);
    auto const& c = config();
    std::vector<model::GateSignals> all;
    engine.forward(
        x.size(0), {}, {},
        [&](at::Tensor const& xz, at::Tensor const& x_conv, at::Tensor const& x_dbl, at::Tensor const& delta) {
          auto const& bias = network_.layers()[all.size()].mixer.dt_proj_bias;
          auto const d = c.d_inner(), r = c.dt_rank(), n = c.d_state;
          all.push_back({.delta = home(at::softplus(delta + bias.to(at::kCUDA)), x, d),
                         .z_gate = home(at::silu(xz.narrow(1, d, d)), x, d),
                         .B = home(x_dbl.narrow(1, r, n), x, n),
                         .C = home(x_dbl.narrow(1, r + n, n), x, n),
                         .x_conv = home(x_conv, x, d)});
        });
    return all;
  }

 private:
  static at::Tensor home(at::Tensor const& rows, at::Tensor const& x, std::int64_t columns) {
    return rows.detach()
        .to(at::kCPU, /*non_blocking=*/false, /*copy=*/true)
        .contiguous()
        .view({x.size(0), x.size(1), columns});
  }

  /// An engine that holds x and whose windows have its length.
  Engine<float>& engine_for(at::Tensor const& x) const {
    at::NoGradGuard const no_grad;
    if (!engine_ || engine_->capacity().time != x.size(1) || engine_->capacity().batch < x.size(0)) {
      engine_.reset();
      engine_.emplace(network_, Capacity{.batch = x.size(0), .time = x.size(1), .training = false});
    }
    auto const there = x.to(at::kCUDA, at::kFloat);
    engine_->x().narrow(0, 0, x.size(0)).copy_(there);
    auto const padded = engine_->padded().narrow(0, 0, x.size(0) * x.size(1));
    padded.zero_();
    padded.narrow(1, 0, channels()).copy_(there.view({-1, channels()}));
    return *engine_;
  }

  std::vector<at::Tensor> heads(Engine<float>& engine, at::Tensor const& x) const {
    at::NoGradGuard const no_grad;
    std::vector<at::Tensor> all;
    for (std::size_t i = 0; i < horizons().size(); ++i) {
      auto const& bias = network_.weights().heads[i].bias2;
      all.push_back(home(engine.predict(x.size(0), i).narrow(1, 0, channels()) + bias.to(at::kCUDA), x, channels()));
    }
    return all;
  }

  model::Network network_;
  mutable std::optional<Engine<float>> engine_;
};

}  // namespace

std::unique_ptr<model::Predictor> predictor(model::Network const& network) {
  return std::make_unique<GpuPredictor>(network);
}

}  // namespace mambasynth::gpu
