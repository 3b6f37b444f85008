#include "kernels/cuda/parameters.hpp"

#include <limits>

#include "kernels/cuda/comparison.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
namespace cuda = kernels::cuda;
using kernels::BFloat16;

TEST_CASE("Matrices are packed with zero padding and unpacked without it", "[gpu]") {
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

TEST_CASE("A and its gradient are computed layer by layer and leave the gaps between layers unchanged", "[gpu]") {
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
