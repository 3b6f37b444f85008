#include "train/auxiliary.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

#include "train/objective.hpp"

namespace mambasynth::train {
namespace {

// Scores of a few windows at a time: enough for the products to fill a GPU, little beside the network's arrays.
constexpr std::int64_t scores_at_once = std::int64_t{1} << 23;

/// Products of what a bf16 stream holds need no more than TF32's 10 bits, which has tensor cores.
class ProductsFor {
 public:
  explicit ProductsFor(at::ScalarType dtype) {
    if (dtype == at::kBFloat16) at::globalContext().setAllowTF32CuBLAS(true);
  }
  ~ProductsFor() { at::globalContext().setAllowTF32CuBLAS(before_); }
  ProductsFor(ProductsFor const&) = delete;
  ProductsFor& operator=(ProductsFor const&) = delete;

 private:
  bool before_ = at::globalContext().allowTF32CuBLAS();
};

}  // namespace

void add_contrastive(at::Tensor const& h, at::Tensor const& negatives, double temperature, double weight,
                     at::Tensor const& sums, at::Tensor const& dh) {
  at::NoGradGuard const no_grad;
  ProductsFor const products(h.scalar_type());
  auto const windows = h.size(0), steps = h.size(1), features = h.size(2), rows = windows * steps,
             k = negatives.size(0);
  auto const stream = (h.scalar_type() == at::kBFloat16 ? h.to(at::kFloat) : h).view({rows, features});
  auto const norm = at::norm(stream, 2, {-1}, true), length = norm.clamp_min(least_norm);
  // A row more than there are, so that each has one behind it. All rows are anchors at first, for these lie in a row;
  // the windows' last ones are taken out by zeros.
  auto const u = at::empty({rows + 1, features}, stream.options()), du = at::empty_like(u);
  auto known = u.narrow(0, 0, rows);
  at::div_out(known, stream, length);
  u[rows].zero_();
  auto const drawn = u.index_select(0, negatives), scaled = drawn / temperature, ddrawn = at::zeros_like(drawn);
  // The right one's score stands behind the drawn ones', then nothing up to a width that products take without a slow
  // path.
  auto const width = (k + 1 + 7) / 8 * 8;
  auto const at_once = std::max<std::int64_t>(1, scores_at_once / (steps * width));
  for (std::int64_t first = 0; first < windows; first += at_once) {
    auto const count = std::min(at_once, windows - first), begin = first * steps, part = count * steps;
    auto const now = u.narrow(0, begin, part), next = u.narrow(0, begin + 1, part);
    auto const without_last = [&](at::Tensor const& of) { of.view({count, steps, -1}).select(1, steps - 1).zero_(); };
    auto const scores = at::empty({part, width}, stream.options());
    auto of_drawn = scores.narrow(1, 0, k);
    at::mm_out(of_drawn, now, scaled.t());
    scores.select(1, k).copy_((now * next).sum(-1).div_(temperature));
    scores.narrow(1, k + 1, width - k - 1).fill_(-std::numeric_limits<double>::infinity());
    auto const p = at::log_softmax(scores, -1);
    auto const right = p.narrow(1, k, 1).clone();
    sums.narrow(0, first, count)
        .sub_(right.view({count, steps}).narrow(1, 0, steps - 1).sum(-1, /*keepdim=*/false, at::kDouble));
    p.exp_();
    without_last(p);
    auto const q = at::expm1(right);
    without_last(q);
    auto const p_drawn = p.narrow(1, 0, k);
    auto du_now = du.narrow(0, begin, part);
    at::mm_out(du_now, p_drawn, drawn);
    du_now.addcmul_(q, next);
    du.narrow(0, begin + 1, part)
        .addcmul_(q, now);  // nothing to the first row of the part behind, which is written then
    ddrawn.addmm_(p_drawn.t(), now);
  }
  // A row may be drawn several times. This sums in the order of the drawn ones, unlike index_add_, whose atomic sums
  // have any; `unsafe` leaves out the look at the indices, for which the host would wait.
  auto du_rows = du.narrow(0, 0, rows);
  at::_index_put_impl_(du_rows, {negatives}, ddrawn, /*accumulate=*/true, /*unsafe=*/true);
  auto const along = (du_rows * known).sum(-1, true) * norm.ge(least_norm);
  du_rows.addcmul_(known, along, -1);
  dh.view({rows, features}).addcdiv_(du_rows, length, weight / temperature);
}

}  // namespace mambasynth::train
