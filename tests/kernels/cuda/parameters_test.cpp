#include "kernels/cuda/parameters.hpp"

#include <limits>

#include "kernels/cuda/comparison.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
namespace cuda = kernels::cuda;
using kernels::BFloat16;

TEST_CASE("Matrices are packed with zeros behind, and unpacked without them", "[gpu]") {
  require_gpu();
  std::vector<cuda::Segment> const segments{{3, 0, 5, 7, 8, 8}, {50, 64, 1, 1, 1, 1}, {60, 100, 40, 72, 40, 72}};
  Uniform uniform(23);
  auto const flat = uniform.operator()<float>(3000, -1, 1);
  DeviceArray<cuda::Segment> const table(segments);
  DeviceArray<float> const on_flat(flat);
  DeviceArray<BFloat16> packed(3000);
  DeviceArray<float> packed_float(3000), back(3000);
  cuda::pack(table.get(), 3, 2880, on_flat.get(), packed.get(), nullptr);
  cuda::pack(table.get(), 3, 2880, on_flat.get(), packed_float.get(), nullptr);
  cuda::unpack(table.get(), 3, 2880, packed_float.get(), back.get(), nullptr);
  auto const found = packed.values(), found_back = back.values();
  std::vector<float> expected(3000, std::numeric_limits<float>::quiet_NaN()), expected_back = expected;
  for (auto const& s : segments)
    for (std::int64_t row = 0; row < s.padded_rows; ++row)
      for (std::int64_t c = 0; c < s.padded_columns; ++c) {
        bool const real = row < s.rows && c < s.columns;
        auto const from = count_of(s.source + row * s.columns + c);
        expected[count_of(s.target + row * s.padded_columns + c)] = real ? value_of(to_bf16(flat[from])) : 0;
        if (real) expected_back[from] = flat[from];
      }
  auto const same = [](std::vector<float> const& a, std::vector<float> const& b) {
    bool equal = a.size() == b.size();
    for (std::size_t i = 0; equal && i < a.size(); ++i) equal = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
    return equal;
  };
  CHECK(same(found, expected));
  CHECK(same(found_back, expected_back));
}

TEST_CASE("The decay and its gradient, layer by layer, touch nothing between the layers", "[gpu]") {
  require_gpu();
  constexpr std::size_t parts = 2, count = 5, stride = 7;
  std::vector<float> const logs{0, 1, -2, 3.5F, 0.25F, 90, 91, 0.5F, -1, 2, 0.125F, -3, 92, 93};
  std::vector<float> const gradient{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
  DeviceArray<float> const on_logs(logs);
  DeviceArray<float> A(parts * count), dA(gradient);
  cuda::negative_exp({parts, count, stride}, on_logs.get(), A.get(), nullptr);
  cuda::scale_by({parts, count, stride}, A.get(), dA.get(), nullptr);
  auto const found = A.values(), scaled = dA.values();
  for (std::size_t i = 0; i < logs.size(); ++i) {
    INFO(i);
    if (i % stride >= count) {
      CHECK(scaled[i] == gradient[i]);
      continue;
    }
    float const a = found[i / stride * count + i % stride];
    CHECK(std::abs(a + std::exp(logs[i])) <= 1e-6F * std::exp(logs[i]));
    CHECK(scaled[i] == gradient[i] * a);
  }
}

namespace {

constexpr std::int64_t size = 70001, batch = 37, horizons = 2;
kernels::AdamW const settings{.lr = 99};  // the rates are the state's
std::vector<std::int64_t> const gates{5, 1000, 1000, 1003, 69990, 70001};

struct Machine {
  std::vector<float> start;
  DeviceArray<float> p, m, v;
  DeviceArray<std::int64_t> ranges{gates};
  DeviceArray<double> weights{std::vector<double>{0.25, 0.75}};
  DeviceArray<cuda::StepRecord> records{8};
  DeviceArray<cuda::StepState> state;
  DeviceArray<std::byte> workspace{cuda::optimizer_workspace_bytes({size, batch, horizons, 3})};
  std::vector<double> window_sums;

  Machine(float rate, float gate_rate)
      : start(Uniform(29).operator()<float>(size, -1, 1)),
        p(start),
        m(std::vector<float>(size)),
        v(std::vector<float>(size)),
        state(std::vector<cuda::StepState>{{0, 0, rate, gate_rate, 0}}),
        window_sums(Uniform(31).operator()<double>(batch * horizons, 0, 2)) {}
  double loss() const {
    double sum = 0;
    for (std::size_t i = 0; i < window_sums.size(); ++i) sum += (i < count_of(batch) ? 0.25 : 0.75) * window_sums[i];
    return sum;
  }
  void step(std::vector<float> const& gradient, double clip) {
    DeviceArray<float> on_gradient(gradient);
    DeviceArray<double> const sums(window_sums);
    cuda::optimizer_step({size, batch, horizons, 3}, settings, clip,
                         {on_gradient.get(), p.get(), m.get(), v.get(), ranges.get(), sums.get(), weights.get(),
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

bool is_gate(std::int64_t i) {
  for (std::size_t r = 0; r < gates.size(); r += 2)
    if (i >= gates[r] && i < gates[r + 1]) return true;
  return false;
}

}  // namespace

TEST_CASE("The GPU's optimiser step is the CPU's, clipped and in two groups", "[gpu]") {
  require_gpu();
  constexpr float rate = 3e-3F, gate_rate = 1e-4F;
  Machine machine(rate, gate_rate), other(rate, gate_rate);
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
      while (end < size && is_gate(end) == is_gate(i)) ++end;
      auto group = settings;
      group.lr = static_cast<double>(is_gate(i) ? gate_rate : rate);
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

TEST_CASE("A rate of zero leaves every bit of its group on the GPU", "[gpu]") {
  require_gpu();
  for (bool gate : {true, false}) {
    Machine machine(gate ? 1e-3F : 0, gate ? 0 : 1e-3F);
    machine.step(Uniform(41).operator()<float>(size, -1, 1), 1.0);
    auto const p = machine.p.values(), m = machine.m.values();
    bool frozen = true, moved = true, moments = true;
    for (std::size_t i = 0; i < p.size(); ++i) {
      bool const same = std::memcmp(&p[i], &machine.start[i], sizeof(float)) == 0;
      if (is_gate(static_cast<std::int64_t>(i)) == gate) frozen = frozen && same;
      else moved = moved && !same;
      moments = moments && m[i] != 0;
    }
    CHECK(frozen);
    CHECK(moved);
    CHECK(moments);
  }
}

TEST_CASE("A gradient or a loss that is no number halts the GPU's training for good", "[gpu]") {
  require_gpu();
  auto const good = Uniform(43).operator()<float>(size, -1, 1);
  for (int which : {0, 1, 2}) {
    Machine machine(1e-3F, 1e-3F);
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
