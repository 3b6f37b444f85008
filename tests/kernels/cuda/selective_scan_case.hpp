#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/cuda/device_array.hpp"
#include "kernels/scan_case.hpp"

namespace mambasynth::tests {

/// The GPU scan's output, as float; gaps between rows hold NaN. recomputed: `out` by the backward.
struct DeviceScanResults {
  std::vector<float> out, recomputed, last_state, dx, ddelta, dz, dB, dC, dA, dD, ddelta_bias;
  std::vector<std::pair<std::string, std::vector<float> const*>> named() const {
    return {{"out", &out},
            {"recomputed", &recomputed},
            {"dx", &dx},
            {"last_state", &last_state},
            {"dz", &dz},
            {"ddelta", &ddelta},
            {"dC", &dC},
            {"dB", &dB},
            {"dD", &dD},
            {"dA", &dA},
            {"ddelta_bias", &ddelta_bias}};
  }
};

/// The case as the GPU sees it: activations rounded to T, parameters to float.
template <class T>
ScanCase<double> as_stored(ScanCase<double> c) {
  for (auto* v : {&c.x, &c.delta, &c.z, &c.B, &c.C, &c.dout})
    for (auto& e : *v) e = value_of(element_from<T>(e));
  for (auto* v : {&c.A, &c.D, &c.delta_bias})
    for (auto& e : *v) e = static_cast<float>(e);
  return c;
}

/// delta = dt weight^T of rank 8 for the backward, in place of the case's delta, if not empty.
struct Factors {
  std::vector<double> dt, weight;
};

/// Forward and backward on the GPU, whose `out` replaces dout. `shift`: the arrays begin that many elements past an
/// aligned address.
template <class T>
DeviceScanResults run_on_gpu(ScanCase<double> const& c, std::size_t shift = 0, Factors const& of_delta = {}) {
  auto const moved = [&](std::vector<double> const& v) {
    std::vector<double> m(shift);
    m.insert(m.end(), v.begin(), v.end());
    return m;
  };
  DeviceArray<T> const x(moved(c.x)), delta(moved(c.delta)), z(moved(c.z)), B(moved(c.B)), C(moved(c.C));
  DeviceArray<T> dout(moved(c.dout));
  DeviceArray<float> const A(c.A), D(c.D), delta_bias(c.delta_bias);
  auto const n = [](std::int64_t v) { return static_cast<std::size_t>(v); };
  auto const dense = n(c.steps() * c.shape.channels);
  DeviceArray<T> out(dense), dx(dense), ddelta(dense), dz(c.z.size()), dB(c.B.size()), dC(c.C.size());
  DeviceArray<float> last(n(c.shape.batch * c.shape.channels * c.shape.states)), dA(c.A.size()), dD(c.D.size()),
      dbias(c.D.size());
  DeviceArray<std::byte> saved(kernels::cuda::scan_saved_bytes<T>(c.shape)),
      workspace(kernels::cuda::scan_workspace_bytes<T>(c.shape));
  kernels::ScanInputs<T> const in{
      x.get() + shift, delta.get() + shift, z.get() + shift, B.get() + shift, C.get() + shift, c.row(),         c.row(),
      c.row(),         c.state_row(),       c.state_row(),   A.get(),         D.get(),         delta_bias.get()};
  kernels::cuda::selective_scan_forward<T>(c.shape, in, out.get(), saved.get(), last.get(), nullptr, workspace.get());
  DeviceArray<T> const dt(of_delta.dt), weight(of_delta.weight);
  kernels::ScanGradients<T> const gradients{dout.get() + shift, dx.get(), ddelta.get(), dz.get(),
                                            dB.get(),           dC.get(), c.row(),      c.state_row(),
                                            c.state_row(),      dA.get(), dD.get(),     dbias.get()};
  kernels::cuda::DeltaFactors<T> const factors{dt.get(), weight.get(), 8, 8};
  bool const multiplied = !of_delta.dt.empty();
  if (multiplied) CHECK(kernels::cuda::scan_backward_takes(factors, c.shape, in, gradients));
  kernels::cuda::selective_scan_backward<T>(c.shape, in, saved.get(), gradients, workspace.get(), nullptr,
                                            dout.get() + shift, multiplied ? &factors : nullptr);
  auto recomputed = dout.values();
  recomputed.erase(recomputed.begin(), recomputed.begin() + static_cast<std::ptrdiff_t>(shift));
  return {out.values(), recomputed,  last.values(), dx.values(), ddelta.values(), dz.values(),
          dB.values(),  dC.values(), dA.values(),   dD.values(), dbias.values()};
}

/// Without the gaps: `width` of every `stride` elements.
inline std::vector<float> packed(std::vector<float> const& v, std::int64_t width, std::int64_t stride) {
  std::vector<float> p;
  for (std::size_t row = 0; row < v.size(); row += static_cast<std::size_t>(stride))
    p.insert(p.end(), v.begin() + static_cast<std::ptrdiff_t>(row),
             v.begin() + static_cast<std::ptrdiff_t>(row) + width);
  return p;
}

}  // namespace mambasynth::tests
