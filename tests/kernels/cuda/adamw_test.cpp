#include "kernels/cuda/adamw.hpp"

#include <array>
#include <limits>

#include "kernels/cuda/comparison.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
namespace cuda = kernels::cuda;

namespace {

constexpr std::int64_t size = 70001, batch = 37, horizons = 2;
kernels::AdamW const settings{.lr = 99};  // unused: the learning rates come from the state
std::vector<cuda::GroupRange> const ranges{
    {5, 1000, 1}, {1000, 1003, 1}, {1003, 1500, 2}, {1501, 1502, 2}, {69990, 70001, 1}};
constexpr cuda::AdamWShape shape{size, batch, horizons, 5};
using Rates = std::array<float, cuda::parameter_groups>;

struct Machine {
  std::vector<float> start;
  DeviceArray<float> p, m, v;
  DeviceArray<cuda::GroupRange> groups{ranges};
  DeviceArray<double> weights{std::vector<double>{0.25, 0.75}};
  DeviceArray<cuda::StepRecord> records{8};
  DeviceArray<cuda::StepState> state;
  DeviceArray<std::byte> workspace{cuda::adamw_workspace_bytes(shape)};
  std::vector<double> window_sums;

  explicit Machine(Rates const& lr)
      : start(Uniform(29).operator()<float>(size, -1, 1)),
        p(start),
        m(std::vector<float>(size)),
        v(std::vector<float>(size)),
        state(std::vector<cuda::StepState>{{0, 0, {lr[0], lr[1], lr[2]}, 0}}),
        window_sums(Uniform(31).operator()<double>(batch * horizons, 0, 2)) {}
  double loss() const {
    double sum = 0;
    for (std::size_t i = 0; i < window_sums.size(); ++i) sum += (i < count_of(batch) ? 0.25 : 0.75) * window_sums[i];
    return sum;
  }
  void step(std::vector<float> const& gradient, double clip) {
    DeviceArray<float> on_gradient(gradient);
    DeviceArray<double> const sums(window_sums);
    cuda::adamw_step(shape, settings, clip,
                     {on_gradient.get(), p.get(), m.get(), v.get(), groups.get(), sums.get(), weights.get(),
                      records.get(), state.get()},
                     workspace.get(), nullptr);
    CHECK(same_bits(on_gradient.values(), gradient));
  }
};

double norm_of(std::vector<float> const& g) {
  double sum = 0;
  for (float v : g) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}

std::size_t group_of(std::int64_t i) {
  for (auto const& range : ranges)
    if (i >= range.first && i < range.last) return count_of(range.group);
  return 0;
}

}  // namespace

TEST_CASE("The GPU's optimizer step equals the CPU's, with clipping and a learning rate for each group", "[gpu]") {
  require_gpu();
  constexpr Rates lr{3e-3F, 1e-4F, 2e-2F};
  Machine machine(lr), other(lr);
  std::vector<float> p = machine.start, m(size), v(size);
  Uniform uniform(37);
  for (int t = 1; t <= 5; ++t) {
    auto const gradient = uniform.operator()<float>(size, -0.1, 0.1);
    double const norm = norm_of(gradient), clip = t % 2 == 0 ? 1e9 : 1.0;
    machine.step(gradient, clip);
    other.step(gradient, clip);
    auto const scale = static_cast<float>(std::min(1.0, clip / (norm + 1e-6)));
    for (std::int64_t i = 0; i < size;) {
      auto end = i + 1;
      while (end < size && group_of(end) == group_of(i)) ++end;
      auto group = settings;
      group.lr = static_cast<double>(lr[group_of(i)]);
      auto const at = count_of(i);
      kernels::adamw_step(group, t, end - i, gradient.data() + i, scale, p.data() + at, m.data() + at, v.data() + at);
      i = end;
    }
    auto const record = machine.records.raw()[count_of(t - 1)];
    CHECK(std::abs(record.loss - machine.loss()) < 1e-12 * machine.loss());
    CHECK(std::abs(record.gradient_norm - norm) < 1e-12 * norm);
  }
  CHECK(relative_error(machine.p.values(), p) < 1e-7);
  CHECK(relative_error(machine.m.values(), m) < 1e-7);
  CHECK(relative_error(machine.v.values(), v) < 1e-7);
  CHECK(same_bits(machine.p.values(), other.p.values()));
  auto const state = machine.state.raw()[0];
  CHECK(state.step == 5);
  CHECK(state.batch == 5);
  CHECK(state.halted == 0);
}

TEST_CASE("A learning rate of zero leaves its group bit for bit unchanged on the GPU", "[gpu]") {
  require_gpu();
  for (std::size_t group = 0; group < Rates{}.size(); ++group) {
    Rates lr{1e-3F, 1e-3F, 1e-3F};
    lr[group] = 0;
    Machine machine(lr);
    machine.step(Uniform(41).operator()<float>(size, -1, 1), 1.0);
    auto const p = machine.p.values(), m = machine.m.values();
    bool frozen = true, moved = true, moments = true;
    for (std::size_t i = 0; i < p.size(); ++i) {
      bool const same = std::memcmp(&p[i], &machine.start[i], sizeof(float)) == 0;
      if (group_of(static_cast<std::int64_t>(i)) == group) frozen = frozen && same;
      else moved = moved && !same;
      moments = moments && m[i] != 0;
    }
    CHECK(frozen);
    CHECK(moved);
    CHECK(moments);
  }
}

TEST_CASE("A gradient or loss that is not finite halts training on the GPU for good", "[gpu]") {
  require_gpu();
  auto const good = Uniform(43).operator()<float>(size, -1, 1);
  for (int which : {0, 1, 2}) {
    Machine machine({1e-3F, 1e-3F, 1e-3F});
    machine.step(good, 1.0);
    auto const p = machine.p.raw(), m = machine.m.raw(), v = machine.v.raw();
    auto bad = good;
    if (which == 0) bad[40000] = std::numeric_limits<float>::quiet_NaN();
    if (which == 1) bad[0] = std::numeric_limits<float>::infinity();
    auto const sums = machine.window_sums;
    if (which == 2) machine.window_sums[50] = std::numeric_limits<double>::quiet_NaN();
    machine.step(bad, 1.0);
    machine.window_sums = sums;
    machine.step(good, 1.0);
    auto const state = machine.state.raw()[0];
    CHECK(state.halted == 1);
    CHECK(state.step == 1);
    CHECK(state.batch == 3);
    CHECK(same_bits(machine.p.raw(), p));
    CHECK(same_bits(machine.m.raw(), m));
    CHECK(same_bits(machine.v.raw(), v));
    auto const records = machine.records.raw();
    CHECK_FALSE(std::isfinite(which == 2 ? records[1].loss : records[1].gradient_norm));
    CHECK(std::isfinite(records[2].gradient_norm));
  }
}
