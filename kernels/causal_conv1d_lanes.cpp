#include "kernels/causal_conv1d_lanes.hpp"

#include "kernels/lanes.hpp"

// The equation is in causal_conv1d.hpp, the derivatives in causal_conv1d_reference.cpp. Time is the outer loop: a row
// of the group is a few whole cache lines, and the rows of the other taps are still in L1.
namespace mambasynth::kernels::MAMBASYNTH_LANES {
namespace {

template <class T>
struct Group {
  using L = Lanes<T>;
  using V = typename L::V;

  ConvTask<T> const& task;
  int channels, blocks, d_conv;

  explicit Group(ConvTask<T> const& a_task) : task(a_task), d_conv(static_cast<int>(task.shape.d_conv)) {
    auto const left = task.shape.channels - task.first_channel;
    channels = left < conv_group ? static_cast<int>(left) : conv_group;
    blocks = (channels + L::width - 1) / L::width;
  }
  std::int64_t offset(std::int64_t t, std::int64_t stride) const {
    return (task.batch * task.shape.time + t) * stride + task.first_channel;
  }
  int count(int block) const { return channels - block * L::width; }
  /// The first tap that reads x: taps before the first step read zeros.
  int first_tap(std::int64_t t) const { return t < d_conv - 1 ? d_conv - 1 - static_cast<int>(t) : 0; }

  MAMBASYNTH_INLINE V x(std::int64_t t, int tap, int block) const {
    return L::load(task.x + offset(t - (d_conv - 1) + tap, task.x_stride) + block * L::width, count(block));
  }
  MAMBASYNTH_INLINE V before_activation(std::int64_t t, int block) const {
    V sum = L::load(task.bias + block * L::width);
    for (int j = first_tap(t); j < d_conv; ++j)
      sum += L::load(task.weight + j * conv_group + block * L::width) * x(t, j, block);
    return sum;
  }
};

template <class T>
void forward(ConvTask<T> const& task, T* out) {
  using L = Lanes<T>;
  Group<T> const group(task);
  for (std::int64_t t = 0; t < task.shape.time; ++t)
    for (int block = 0; block < group.blocks; ++block) {
      auto const sum = group.before_activation(t, block);
      L::store(out + group.offset(t, task.shape.channels) + block * L::width, sum * L::sigmoid(sum),
               group.count(block));
    }
}

template <class T>
void backward(ConvTask<T> const& task, ConvTaskGradients<T> const& gradients) {
  using L = Lanes<T>;
  using V = typename L::V;
  Group<T> const group(task);
  int const d_conv = group.d_conv;
  for (int i = 0; i < d_conv * conv_group; ++i) gradients.dweight[i] = gradients.recent[i] = T{};
  for (int i = 0; i < conv_group; ++i) gradients.dbias[i] = T{};
  // dx[t] needs the gradients before the activation of t .. t + d_conv - 1: a ring buffer holds the last `d_conv` of
  // them.
  for (std::int64_t t = 0; t < task.shape.time + d_conv - 1; ++t) {
    T* const newest = gradients.recent + t % d_conv * conv_group;
    std::int64_t const complete = t - (d_conv - 1);
    for (int block = 0; block < group.blocks; ++block) {
      int const lane = block * L::width;
      V dsum{};
      if (t < task.shape.time) {
        V const sum = group.before_activation(t, block), s = L::sigmoid(sum);
        V const dout = L::load(gradients.dout + group.offset(t, task.shape.channels) + lane, group.count(block));
        dsum = dout * (s * (T{1} + sum * (T{1} - s)));
        for (int j = group.first_tap(t); j < d_conv; ++j) {
          T* const at = gradients.dweight + j * conv_group + lane;
          L::store(at, L::load(at) + dsum * group.x(t, j, block));
        }
        L::store(gradients.dbias + lane, L::load(gradients.dbias + lane) + dsum);
      }
      L::store(newest + lane, dsum);
      if (complete < 0) continue;
      V dx{};
      for (int j = 0; j < d_conv; ++j)  // tap j of step t - j, which wrote that slot of the ring
        dx += L::load(task.weight + j * conv_group + lane) *
              L::load(gradients.recent + (t - j) % d_conv * conv_group + lane);
      L::store(gradients.dx + group.offset(complete, gradients.dx_stride) + lane, dx, group.count(block));
    }
  }
}

}  // namespace

template <class T>
ConvLanes<T> conv_lanes() {
  return {forward<T>, backward<T>};
}
template ConvLanes<float> conv_lanes<float>();
template ConvLanes<double> conv_lanes<double>();

}  // namespace mambasynth::kernels::MAMBASYNTH_LANES
