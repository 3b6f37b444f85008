#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernels/numbers.hpp"
#include "kernels/selective_scan.hpp"

namespace mambasynth::tests {

/// Inputs of a scan, as slices of wider rows where `gap` elements follow each row.
template <class T>
struct ScanCase {
  kernels::ScanShape shape;
  std::int64_t gap;
  std::vector<T> x, delta, z, B, C, A, D, delta_bias, dout;

  std::int64_t steps() const { return shape.batch * shape.time; }
  std::int64_t row() const { return shape.channels + gap; }
  std::int64_t state_row() const { return shape.states + gap; }
  kernels::ScanInputs<T> inputs() const {
    return {x.data(),    delta.data(), z.data(), B.data(), C.data(),         row(), row(), row(),
            state_row(), state_row(),  A.data(), D.data(), delta_bias.data()};
  }
};

template <class T>
ScanCase<T> random_scan(kernels::ScanShape shape, std::int64_t gap, unsigned seed = 1) {
  Uniform uniform(seed);
  ScanCase<T> c{shape, gap, {}, {}, {}, {}, {}, {}, {}, {}, {}};
  c.x = uniform.template operator()<T>(c.steps() * c.row(), -1, 1);
  c.delta = uniform.template operator()<T>(c.steps() * c.row(), -2, 1);
  c.z = uniform.template operator()<T>(c.steps() * c.row(), -2, 2);
  c.B = uniform.template operator()<T>(c.steps() * c.state_row(), -1, 1);
  c.C = uniform.template operator()<T>(c.steps() * c.state_row(), -1, 1);
  c.A = uniform.template operator()<T>(shape.channels * shape.states, -4, -0.01);
  c.D = uniform.template operator()<T>(shape.channels, -1, 1);
  c.delta_bias = uniform.template operator()<T>(shape.channels, -2, 0);
  c.dout = uniform.template operator()<T>(c.steps() * shape.channels, -1, 1);
  return c;
}

template <class To, class From>
std::vector<To> converted(std::vector<From> const& from) {
  return std::vector<To>(from.begin(), from.end());
}
template <class To, class From>
ScanCase<To> converted(ScanCase<From> const& c) {
  return {c.shape,
          c.gap,
          converted<To>(c.x),
          converted<To>(c.delta),
          converted<To>(c.z),
          converted<To>(c.B),
          converted<To>(c.C),
          converted<To>(c.A),
          converted<To>(c.D),
          converted<To>(c.delta_bias),
          converted<To>(c.dout)};
}

/// Everything that forward and backward write. `marker` fills the arrays first: the gaps between rows must keep it.
template <class T>
struct ScanResults {
  static constexpr T marker = 777;
  std::vector<T> out, checkpoints, last_state, dx, ddelta, dz, dB, dC, dA, dD, ddelta_bias;

  explicit ScanResults(ScanCase<T> const& c) {
    auto const fill = [](std::vector<T>& v, std::int64_t count) { v.assign(static_cast<std::size_t>(count), marker); };
    auto const& s = c.shape;
    for (auto* v : {&out, &dx, &ddelta}) fill(*v, c.steps() * s.channels);
    fill(checkpoints, s.batch * kernels::scan_chunks(s.time) * s.channels * s.states);
    fill(last_state, s.batch * s.channels * s.states);
    fill(dz, c.steps() * c.row());
    for (auto* v : {&dB, &dC}) fill(*v, c.steps() * c.state_row());
    fill(dA, s.channels * s.states);
    for (auto* v : {&dD, &ddelta_bias}) fill(*v, s.channels);
  }
  kernels::ScanOutputs<T> outputs() { return {out.data(), checkpoints.data(), last_state.data()}; }
  kernels::ScanGradients<T> gradients(ScanCase<T> const& c) {
    return {c.dout.data(), dx.data(),     ddelta.data(), dz.data(), dB.data(), dC.data(),
            c.row(),       c.state_row(), c.state_row(), dA.data(), dD.data(), ddelta_bias.data()};
  }
  std::vector<std::pair<std::string, std::vector<T> const*>> named() const {
    return {{"out", &out},
            {"checkpoints", &checkpoints},
            {"last_state", &last_state},
            {"dx", &dx},
            {"ddelta", &ddelta},
            {"dz", &dz},
            {"dB", &dB},
            {"dC", &dC},
            {"dA", &dA},
            {"dD", &dD},
            {"ddelta_bias", &ddelta_bias}};
  }
};

template <class T>
ScanResults<T> run_scan(ScanCase<T> const& c) {
  ScanResults<T> r(c);
  kernels::selective_scan_forward(c.shape, c.inputs(), r.outputs());
  kernels::selective_scan_backward<T>(c.shape, c.inputs(), r.checkpoints.data(), r.gradients(c));
  return r;
}
template <class T>
ScanResults<T> run_reference(ScanCase<T> const& c) {
  ScanResults<T> r(c);
  kernels::reference::selective_scan_forward(c.shape, c.inputs(), r.outputs());
  kernels::reference::selective_scan_backward<T>(c.shape, c.inputs(), r.checkpoints.data(), r.gradients(c));
  return r;
}

}  // namespace mambasynth::tests
