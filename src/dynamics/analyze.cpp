#include "dynamics/analyze.hpp"

#include <cmath>

#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::dynamics {

Analysis analyze(oracle::HiddenProcess const& hidden, Input const& input, config::Generate const& rules, int threads) {
  Analysis result;
  result.samples = input.samples;
  result.steps = input.steps;
  result.law = law_of(hidden, {input.seed_steps, input.steps, rules.shortest_visit});
  if (input.burst_interval > 0 && input.burst_interval < input.steps) result.burst_interval = input.burst_interval;
  for (auto const& condition : input.conditions) {
    result.names.push_back(condition.name);
    result.perturbed.push_back(condition.perturbed);
    auto const limits = limits_of(hidden, condition.noise_std, input.steps, rules);
    result.limit.push_back(std::sqrt(limits.off_square) / limits.noise);
    result.trajectories.emplace_back(static_cast<std::size_t>(input.samples));
  }

  Decoder const decoder(hidden);
  auto const of_seed = static_cast<std::size_t>(input.seed_steps * hidden.channels());
  auto const of_sample = static_cast<std::size_t>(input.steps * hidden.channels());
  auto const jobs = static_cast<std::int64_t>(input.conditions.size()) * input.samples;
  progress::Count count(jobs, "continuation");
  errors::StopFlag stop;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
  for (std::int64_t job = 0; job < jobs; ++job) {
    if (stop.requested()) continue;
    auto const c = static_cast<std::size_t>(job / input.samples), i = static_cast<std::size_t>(job % input.samples);
    auto const& condition = input.conditions[c];
    result.trajectories[c][i] =
        follow(hidden, decoder,
               {input.seed.subspan(i * of_seed, of_seed), condition.x.subspan(i * of_sample, of_sample),
                condition.perturbed, condition.noise_std},
               rules);
    count.add();
  }
  stop.throw_if_requested();

  auto const samples = input.starts.empty() ? Samples(static_cast<std::size_t>(input.samples))
                                            : Samples(input.starts, input.seed_steps + input.steps);
  result.independent_samples = samples.independent();
  for (std::size_t c = 0; c < input.conditions.size(); ++c) {
    result.statistics.push_back(
        statistics_of(result.trajectories[c], samples, result.law, input.steps, input.conditions[c].perturbed));
    if (result.burst_interval > 0)
      result.since_burst.push_back(switches_since(result.trajectories[c], result.burst_interval));
  }
  if (input.compared)
    result.comparison = compare(result.statistics[input.compared->first], result.statistics[input.compared->second],
                                samples, input.steps);
  return result;
}

}  // namespace mambasynth::dynamics
