#include <torch/csrc/stable/library.h>

// The operators' schemas. selective_scan and causal_conv1d are composed of the others in Python (operators.py), which
// also registers gradients and fake tensors: PyTorch's stable ABI has neither. cpu.cpp and cuda.cpp implement the
// others. Layouts: kernels/selective_scan.hpp, kernels/causal_conv1d.hpp.
STABLE_TORCH_LIBRARY(mambasynth, m) {
  m.def(
      "selective_scan(Tensor x, Tensor delta, Tensor A, Tensor B, Tensor C, Tensor? D=None, Tensor? z=None, "
      "Tensor? delta_bias=None, bool delta_softplus=False) -> (Tensor out, Tensor last_state)");
  m.def("causal_conv1d(Tensor x, Tensor weight, Tensor? bias=None, str? activation=\"silu\") -> Tensor");

  // saved: what the backward needs, or empty unless `save`.
  m.def(
      "selective_scan_forward(Tensor x, Tensor delta, Tensor A, Tensor B, Tensor C, Tensor? D, Tensor? z, "
      "Tensor? delta_bias, bool delta_softplus, bool save) -> (Tensor out, Tensor last_state, Tensor saved)");
  // out: the forward's output computed again, or empty unless `again`.
  m.def(
      "selective_scan_backward(Tensor dout, Tensor x, Tensor delta, Tensor A, Tensor B, Tensor C, Tensor? D, "
      "Tensor? z, Tensor? delta_bias, bool delta_softplus, Tensor saved, bool again) -> (Tensor dx, Tensor ddelta, "
      "Tensor dA, Tensor dB, Tensor dC, Tensor dD, Tensor dz, Tensor ddelta_bias, Tensor out)");
  m.def("causal_conv1d_forward(Tensor x, Tensor weight, Tensor? bias) -> Tensor");
  m.def(
      "causal_conv1d_backward(Tensor dout, Tensor x, Tensor weight, Tensor? bias) -> (Tensor dx, Tensor dweight, "
      "Tensor dbias)");

  // The size of `saved` follows from the steps between two saved states and, on the GPU, from a channel's bytes for
  // each.
  m.def("scan_saved_steps_cpu() -> int");
  m.def("scan_saved_steps_cuda(int states, bool bfloat16) -> int");
  m.def("scan_saved_bytes_cuda(int states, bool bfloat16) -> int");
  // The least number of states that the GPU kernels have and that holds `states`; 0 if there is none.
  m.def("scan_states_cuda(int states) -> int");
}
