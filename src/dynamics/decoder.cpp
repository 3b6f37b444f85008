#include "dynamics/decoder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mambasynth::dynamics {
namespace {

constexpr double slip = -4.6051701859880914;     // log 0.01
constexpr double anywhere_relative_rate = 0.01;  // how much rarer switches into the middle of a revolution are
constexpr double least_relative_noise = 0.1;
constexpr double absurd_radii = 1e3;
constexpr std::size_t most_memory = std::size_t{64} << 20, least_piece = 64;

enum Move : std::uint8_t { on, stay, skip, jump };

}  // namespace

struct Decoder::Work {
  std::vector<double> score, next;  // (positions), relative to the best
  std::vector<std::uint8_t> moves;  // (steps of a piece, positions)
  std::vector<std::size_t> tops;    // (steps of a piece): the best position before the step
  std::size_t row = 0;
};

Decoder::Decoder(oracle::HiddenProcess const& hidden) : hidden_(hidden) {
  for (std::size_t c = 0; c < hidden.circles().size(); ++c)
    circle_of_.insert(circle_of_.end(), static_cast<std::size_t>(hidden.circles()[c].period),
                      static_cast<std::int32_t>(c));
  auto const& radius = hidden.process().radius;
  auto const n = static_cast<double>(radius.size());
  auto const noise = std::max(hidden.process().noise_std,
                              least_relative_noise * std::accumulate(radius.begin(), radius.end(), 0.0) / n);
  sharpness_ = 1 / (noise * noise);
  auto const rate = 1 / std::max(hidden.process().dwell_mean, 2.0);
  enter_ = std::log(rate / n);
  anywhere_ = std::log(rate * anywhere_relative_rate / static_cast<double>(hidden.positions()));
}

void Decoder::step(Work& work, float const* x, bool first) const {
  auto const& before = work.score;
  auto& after = work.next;
  auto* const moves = work.moves.data() + work.row * after.size();
  auto const top = static_cast<std::size_t>(std::max_element(before.begin(), before.end()) - before.begin());
  work.tops[work.row++] = top;
  auto const channels = static_cast<std::size_t>(hidden_.channels());
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < hidden_.circles().size(); ++c) {
    auto const& circle = hidden_.circles()[c];
    double along_1 = 0, along_2 = 0;
    double const scale = x ? circle.radius * sharpness_ : 0.0;
    if (x) {
      auto const* const v1 = hidden_.process().axis(static_cast<std::int64_t>(c), 0).data();
      auto const* const v2 = hidden_.process().axis(static_cast<std::int64_t>(c), 1).data();
      for (std::size_t i = 0; i < channels; ++i) {
        along_1 += static_cast<double>(x[i]) * v1[i];
        along_2 += static_cast<double>(x[i]) * v2[i];
      }
    }
    auto const period = static_cast<std::size_t>(circle.period), base = static_cast<std::size_t>(circle.first_position);
    for (std::size_t s = 0; s < period; ++s) {
      auto const one = base + (s >= 1 ? s - 1 : period - 1),
                 two = base + (s >= 2 ? s - 2 : (s + 2 * period - 2) % period);
      double value = before[base + s];
      std::uint8_t move = stay;
      if (!first) {
        value = before[one], move = on;
        if (before[base + s] + slip > value) value = before[base + s] + slip, move = stay;
        if (before[two] + slip > value) value = before[two] + slip, move = skip;
        if (double const leap = before[top] + (s == 0 ? enter_ : anywhere_); leap > value) value = leap, move = jump;
      }
      moves[base + s] = move;
      value += scale * (along_1 * circle.cosine[s] + along_2 * circle.sine[s] - 0.5 * circle.radius);
      after[base + s] = value;
      best = std::max(best, value);
    }
  }
  for (double& value : after) value -= best;
  std::swap(work.score, work.next);
}

Path Decoder::decode(std::span<float const> x, std::span<char const> ignored) const {
  auto const channels = static_cast<std::size_t>(hidden_.channels());
  auto const steps = x.size() / channels, positions = circle_of_.size();
  auto const piece = std::min(steps, std::max(least_piece, most_memory / positions)),
             ahead = piece == steps ? 0 : piece / 4;
  auto const largest =
      absurd_radii * *std::max_element(hidden_.process().radius.begin(), hidden_.process().radius.end());
  Path path;
  path.circle.resize(steps), path.position.resize(steps);
  Work work;
  work.score.assign(positions, 0.0);
  work.next = work.score;
  work.moves.resize(piece * positions), work.tops.resize(piece);
  for (std::size_t begin = 0; begin < steps;) {
    auto const end = std::min(begin + piece, steps), kept = end == steps ? end : end - ahead;
    work.row = 0;
    for (auto t = begin; t < end; ++t) {
      auto const now = x.subspan(t * channels, channels);
      bool const silent = (!ignored.empty() && ignored[t]) || !std::all_of(now.begin(), now.end(), [&](float v) {
                            return std::abs(static_cast<double>(v)) <= largest;
                          });
      step(work, silent ? nullptr : now.data(), t == 0);
    }
    auto place = static_cast<std::size_t>(std::max_element(work.score.begin(), work.score.end()) - work.score.begin());
    for (auto t = end; t-- > begin;) {
      auto const& circle = hidden_.circles()[static_cast<std::size_t>(circle_of_[place])];
      auto const base = static_cast<std::size_t>(circle.first_position),
                 period = static_cast<std::size_t>(circle.period);
      path.circle[t] = circle_of_[place];
      path.position[t] = static_cast<std::int64_t>(place - base);
      auto const move = work.moves[(t - begin) * positions + place];
      if (t + 1 == kept && kept < steps) {  // the next piece starts from what has been decided here
        work.score.assign(positions, -std::numeric_limits<double>::infinity());
        work.score[place] = 0;
      }
      if (move == jump) place = work.tops[t - begin];
      else if (move != stay) place = base + (place - base + 2 * period - (move == on ? 1 : 2)) % period;
    }
    begin = kept;
  }
  return path;
}

}  // namespace mambasynth::dynamics
