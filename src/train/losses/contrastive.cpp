#include "train/losses/contrastive.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

namespace mambasynth::train::losses {
namespace {

// Scores of a few windows at a time: enough for the products to fill a GPU, small compared with the network's arrays.
constexpr std::int64_t scores_at_once = std::int64_t{1} << 23;

/// A bf16 stream has no more mantissa bits than TF32's 10, which tensor cores multiply.
class AllowTF32For {
 public:
  explicit AllowTF32For(at::ScalarType dtype) {
    if (dtype == at::kBFloat16) at::globalContext().setAllowTF32CuBLAS(true);
  }
  ~AllowTF32For() { at::globalContext().setAllowTF32CuBLAS(before_); }
  AllowTF32For(AllowTF32For const&) = delete;
  AllowTF32For& operator=(AllowTF32For const&) = delete;

 private:
  bool before_ = at::globalContext().allowTF32CuBLAS();
};

}  // namespace

at::Tensor Contrastive::layer_value(at::Tensor const& h, at::Tensor const& negatives) const {
  auto const u = h / at::norm(h, 2, {-1}, true).clamp_min(least_norm);
  auto const now = u.narrow(1, 0, h.size(1) - 1), next = u.narrow(1, 1, h.size(1) - 1);
  auto const drawn = u.reshape({-1, h.size(2)}).index_select(0, negatives);
  auto const positive = (now * next).sum(-1, true) / temperature_;
  auto const logits = at::cat({positive, at::matmul(now, drawn.t()) / temperature_}, -1);
  return at::mean(at::logsumexp(logits, {-1}, true) - positive);
}

at::Tensor Contrastive::draw(BatchShape const& batch, PhiloxStream const& draws) const {
  std::vector<at::Tensor> layers;
  auto const rows = static_cast<double>(batch.windows * batch.time);
  for (std::int64_t i = 0; i < batch.layers; ++i) {
    auto const unit = draws.uniform(PhiloxStream::Purpose::negatives, i, 1, negatives_);
    layers.push_back((unit * rows).floor().to(at::kLong).view({negatives_}));
  }
  return at::stack(layers);
}

void Contrastive::add_gradient(LayerStream const& layer, double factor, at::Tensor const& window_sums) const {
  at::NoGradGuard const no_grad;
  auto const& h = layer.h;
  auto const& negatives = layer.drawn;
  AllowTF32For const products(h.scalar_type());
  auto const windows = h.size(0), steps = h.size(1), features = h.size(2), rows = windows * steps,
             k = negatives.size(0);
  auto const stream = (h.scalar_type() == at::kBFloat16 ? h.to(at::kFloat) : h).view({rows, features});
  auto const norm = at::norm(stream, 2, {-1}, true), length = norm.clamp_min(least_norm);
  // One row more than the stream has, so that every row has a next one. All rows are anchors at first, which keeps them
  // contiguous; zeros then remove each window's last step.
  auto const u = at::empty({rows + 1, features}, stream.options()), du = at::empty_like(u);
  auto known = u.narrow(0, 0, rows);
  at::div_out(known, stream, length);
  u[rows].zero_();
  auto const drawn = u.index_select(0, negatives), scaled = drawn / temperature_, ddrawn = at::zeros_like(drawn);
  // The positive's score follows the negatives', then padding up to a width that GEMMs take without a slow path.
  auto const width = (k + 1 + 7) / 8 * 8;
  auto const at_once = std::max<std::int64_t>(1, scores_at_once / (steps * width));
  for (std::int64_t first = 0; first < windows; first += at_once) {
    auto const count = std::min(at_once, windows - first), begin = first * steps, part = count * steps;
    auto const now = u.narrow(0, begin, part), next = u.narrow(0, begin + 1, part);
    auto const without_last = [&](at::Tensor const& of) { of.view({count, steps, -1}).select(1, steps - 1).zero_(); };
    auto const scores = at::empty({part, width}, stream.options());
    auto of_drawn = scores.narrow(1, 0, k);
    at::mm_out(of_drawn, now, scaled.t());
    scores.select(1, k).copy_((now * next).sum(-1).div_(temperature_));
    scores.narrow(1, k + 1, width - k - 1).fill_(-std::numeric_limits<double>::infinity());
    auto const p = at::log_softmax(scores, -1);
    auto const positive = p.narrow(1, k, 1).clone();
    window_sums.narrow(0, first, count)
        .sub_(positive.view({count, steps}).narrow(1, 0, steps - 1).sum(-1, /*keepdim=*/false, at::kDouble));
    p.exp_();
    without_last(p);
    auto const q = at::expm1(positive);
    without_last(q);
    auto const p_drawn = p.narrow(1, 0, k);
    auto du_now = du.narrow(0, begin, part);
    at::mm_out(du_now, p_drawn, drawn);
    du_now.addcmul_(q, next);
    // Adds 0 to the first row of the next windows, which mm_out then overwrites.
    du.narrow(0, begin + 1, part).addcmul_(q, now);
    ddrawn.addmm_(p_drawn.t(), now);
  }
  // A row may be drawn several times. This adds in the order of the negatives; index_add_ adds atomically, in any
  // order. `unsafe` skips the check of the indices, which would make the host wait.
  auto du_rows = du.narrow(0, 0, rows);
  at::_index_put_impl_(du_rows, {negatives}, ddrawn, /*accumulate=*/true, /*unsafe=*/true);
  auto const along = (du_rows * known).sum(-1, true) * norm.ge(least_norm);
  du_rows.addcmul_(known, along, -1);
  layer.dh.view({rows, features}).addcdiv_(du_rows, length, factor / temperature_);
}

}  // namespace mambasynth::train::losses
