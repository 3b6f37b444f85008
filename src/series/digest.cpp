#include "series/digest.hpp"

#include <algorithm>
#include <numeric>

#include "random/numpy_generator.hpp"

namespace mambasynth::series {

Digest::Digest(Process process, std::int64_t n_steps, std::vector<std::int64_t> sampled)
    : process_(std::move(process)), n_steps_(n_steps) {
  sampled_.step = std::move(sampled);
  auto const last = std::max<std::int64_t>(n_steps - window_steps, 0);
  for (auto const start : {std::int64_t{0}, std::clamp<std::int64_t>(n_steps / 2 - window_steps / 2, 0, last), last}) {
    Excerpt window;
    window.start = start;
    windows_.push_back(std::move(window));
  }
}

void Digest::add(Block const& block) {
  for (std::int64_t i = 0; i < block.steps(); ++i) {
    auto const circle = block.circle[static_cast<std::size_t>(i)];
    if (visits_.empty() || visits_.back().circle != circle) visits_.push_back({circle, block.first + i, 0});
    ++visits_.back().length;
  }
  auto const channels = process_.channels;
  for (auto i = sampled_.circle.size(); i < sampled_.step.size() && sampled_.step[i] < block.first + block.steps();
       ++i) {
    auto const row = sampled_.step[i] - block.first;
    sampled_.x.insert(sampled_.x.end(), block.x.begin() + row * channels, block.x.begin() + (row + 1) * channels);
    sampled_.circle.push_back(block.circle[static_cast<std::size_t>(row)]);
  }
  for (auto& window : windows_) {
    auto const first = std::max(window.start, block.first) - block.first;
    auto const last = std::min(window.start + window_steps, block.first + block.steps()) - block.first;
    if (first >= last) continue;
    window.x.insert(window.x.end(), block.x.begin() + first * channels, block.x.begin() + last * channels);
    window.circle.insert(window.circle.end(), block.circle.begin() + first, block.circle.begin() + last);
  }
}

std::vector<std::int64_t> steps_to_embed(std::int64_t n_steps, std::int64_t most, std::uint64_t seed) {
  random::NumpyGenerator generator(seed);
  return steps_to_embed(n_steps, most, generator);
}

std::vector<std::int64_t> steps_to_embed(std::int64_t n_steps, std::int64_t most, random::NumpyGenerator& generator) {
  if (n_steps <= most) {
    std::vector<std::int64_t> all(static_cast<std::size_t>(n_steps));
    std::iota(all.begin(), all.end(), std::int64_t{0});
    return all;
  }
  auto chosen = generator.choice(n_steps, most);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace mambasynth::series
