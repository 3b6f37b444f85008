#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "config/config.hpp"
#include "model/mixer.hpp"

namespace mambasynth::model {

struct Encoding {
  std::vector<at::Tensor> layers;       ///< residual stream after each layer, (b, t, f)
  std::vector<at::Tensor> predictions;  ///< one per horizon, (b, t, c)
};

/// A network in evaluation mode, on any device. Arguments and results are on the host, in fp32 or fp64.
class Predictor {
 public:
  virtual ~Predictor() = default;
  [[nodiscard]] virtual config::Model const& config() const = 0;
  [[nodiscard]] virtual std::int64_t channels() const = 0;
  [[nodiscard]] virtual config::Integers const& horizons() const = 0;
  /// x (b, t, c) -> one (b, t, c) per horizon.
  [[nodiscard]] virtual std::vector<at::Tensor> predict(at::Tensor const& x) const = 0;
  [[nodiscard]] virtual Encoding encode(at::Tensor const& x) const = 0;
  /// Gate signals of every layer, computed from the residual stream that enters it.
  [[nodiscard]] virtual std::vector<GateSignals> gates(at::Tensor const& x) const = 0;

 protected:
  Predictor() = default;
  Predictor(Predictor const&) = default;
  Predictor(Predictor&&) = default;
  Predictor& operator=(Predictor const&) = default;
  Predictor& operator=(Predictor&&) = default;
};

}  // namespace mambasynth::model
