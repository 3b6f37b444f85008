#include "train/auxiliary.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "train/objective.hpp"

namespace mambasynth::train {
namespace {

// Elements of a temporary array: it stays in a GPU's second-level cache from one operation to the next, and there are few
// launches. The products of the contrastive loss gain more from size than from the cache.
constexpr std::int64_t change_elements = std::int64_t{1} << 22, logit_elements = std::int64_t{1} << 24;

/// Calls f(first, count) for windows 0 .. b - 1, as many at a time as make about `elements` at `elements_of_window` each.
template <class F>
void by_windows(std::int64_t b, std::int64_t elements_of_window, std::int64_t elements, F&& f) {
  auto const most = std::max<std::int64_t>(1, elements / elements_of_window);
  for (std::int64_t first = 0; first < b; first += most) f(first, std::min(most, b - first));
}

at::Tensor wide(at::Tensor const& h) { return h.scalar_type() == at::kBFloat16 ? h.to(at::kFloat) : h; }

}  // namespace

void add_slowness(at::Tensor const& h, double weight, at::Tensor const& sums, at::Tensor const& dh) {
  at::NoGradGuard const no_grad;
  auto const steps = h.size(1), features = h.size(2);
  by_windows(h.size(0), steps * features, change_elements, [&](std::int64_t first, std::int64_t count) {
    auto const part = wide(h.narrow(0, first, count));
    auto const change = at::zeros({count, steps + 1, features}, part.options());
    auto inner = change.narrow(1, 1, steps - 1);
    at::sub_out(inner, part.narrow(1, 1, steps - 1), part.narrow(1, 0, steps - 1));
    sums.narrow(0, first, count).add_((inner * inner).sum(-1).sum(-1, /*keepdim=*/false, at::kDouble));
    dh.narrow(0, first, count).add_(change.narrow(1, 0, steps) - change.narrow(1, 1, steps), 2 * weight);
  });
}

void add_contrastive(at::Tensor const& h, at::Tensor const& negatives, double temperature, double weight, at::Tensor const& sums,
                     at::Tensor const& dh) {
  at::NoGradGuard const no_grad;
  auto const steps = h.size(1), features = h.size(2), anchors = steps - 1;
  auto const stream = wide(h);
  auto const norm = at::norm(stream, 2, {-1}, true), length = norm.clamp_min(least_norm);
  auto const u = stream / length, du = at::zeros_like(u);
  auto const rows = [&](at::Tensor const& of) { return of.view({-1, features}); };
  auto const drawn = rows(u).index_select(0, negatives), ddrawn = at::zeros_like(drawn);
  by_windows(h.size(0), anchors * negatives.size(0), logit_elements, [&](std::int64_t first, std::int64_t count) {
    auto const before = [&](at::Tensor const& of) { return of.narrow(0, first, count).narrow(1, 0, anchors); };
    auto const behind = [&](at::Tensor const& of) { return of.narrow(0, first, count).narrow(1, 1, anchors); };
    auto const now = before(u).reshape({-1, features}), next = behind(u).reshape({-1, features});
    auto const right = (now * next).sum(-1, true).div_(temperature);
    auto const p = at::mm(now, drawn.t()).div_(temperature);
    auto const log_sum = at::logaddexp(at::logsumexp(p, {-1}, true), right);
    sums.narrow(0, first, count).add_((log_sum - right).view({count, anchors}).sum(-1, false, at::kDouble));
    p.sub_(log_sum).exp_();
    auto const q = at::expm1(right - log_sum);
    before(du).add_(at::addmm(q * next, p, drawn).view({count, anchors, features}));
    behind(du).add_((q * now).view({count, anchors, features}));
    ddrawn.addmm_(p.t(), now);
  });
  // A row may be drawn several times. This sums in the order of the drawn ones, unlike index_add_, whose atomic sums
  // have any; `unsafe` leaves out the look at the indices, for which the host would wait.
  auto drawn_rows = rows(du);
  at::_index_put_impl_(drawn_rows, {negatives}, ddrawn, /*accumulate=*/true, /*unsafe=*/true);
  auto const along = (du * u).sum(-1, true) * norm.ge(least_norm);
  dh.add_((du - u * along) / length, weight / temperature);
}

}  // namespace mambasynth::train
