#include "dynamics/dynamics_file.hpp"

namespace mambasynth::dynamics {
namespace {

using Integers = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

class Writer {
 public:
  Writer(store::Hdf5Writer& h5, Analysis const& a) : h5_(h5), a_(a) {}

  void scales() {
    auto const circles = static_cast<std::int64_t>(a_.law.occupancy.size());
    h5_.text_scale(
        "/condition", a_.names,
        {"how the samples continue: as they really did (truth), generated, generated without the bursts", "1"});
    h5_.counting_scale("/circle_id", 0, circles, {"circle", "1"});
    h5_.counting_scale("/next_circle", 0, circles, {"circle of the next visit", "1"});
    h5_.text_scale("/failure", {failure_names.begin(), failure_names.end()},
                   {"how a trajectory ceases to be one of the process", "1"});
    h5_.counting_scale("/dwell_bin", 0, static_cast<std::int64_t>(a_.law.dwell.size()),
                       {"shortest visit of a bin; the last bin holds all longer ones", "step"}, a_.law.bin_steps);
    if (a_.burst_interval > 0)
      h5_.counting_scale("/since_burst", 0, a_.burst_interval,
                         {"steps since the last burst began, or would have", "step"});
  }

  void step_by_step() {
    steps<std::int64_t>("circle", &Trajectory::circle, {"decoded circle; -1: none is visited", "1"});
    steps<float>("phase", &Trajectory::phase, {"phase of the decoded path", "radian"});
    steps<float>("distance", &Trajectory::distance,
                 {"distance to the nearest circle, in standard deviations of the series' noise", "1"});
    steps<float>("distance_decoded", &Trajectory::distance_decoded,
                 {"distance to the decoded circle, in the same units", "1"});
    steps<float>("circle_probability", &Trajectory::circle_probability,
                 {"exact filter: probability of the decoded circle given the steps so far", "1"});
    steps<float>("prediction_error", &Trajectory::prediction_error,
                 {"squared error of the exact filter's prediction from the steps before, mean over channels", "1"});
    Numbers times;
    for (auto const& of_condition : a_.trajectories)
      for (auto const& trajectory : of_condition)
        times.insert(times.end(), trajectory.failure.begin(), trajectory.failure.end());
    h5_.dataset<double>("/dynamics/failure_time", times, {"/condition", "/sample", "/failure"},
                        {"first step of each failure; NaN: none", "step"});
  }

  void statistics() {
    auto const by = [&](std::string const& name, auto const& get, store::Meaning const& meaning) {
      std::vector<std::decay_t<decltype(get(a_.statistics[0]))>> values;
      for (auto const& s : a_.statistics) values.push_back(get(s));
      h5_.dataset<typename decltype(values)::value_type>("/dynamics/" + name, values, {"/condition"}, meaning);
    };
    auto const estimate = [&](std::string const& name, Estimate Statistics::* member, store::Meaning const& meaning) {
      by(name, [&](Statistics const& s) { return (s.*member).value; }, meaning);
      by(name + "_se", [&](Statistics const& s) { return (s.*member).standard_error; },
         {"its standard error over samples, corrected for overlapping windows", meaning.units});
    };
    auto const rows = [&](std::string const& name, auto member, std::vector<std::string> dims,
                          store::Meaning const& meaning) {
      std::decay_t<decltype(a_.statistics[0].*member)> values;
      for (auto const& s : a_.statistics) values.insert(values.end(), (s.*member).begin(), (s.*member).end());
      dims.insert(dims.begin(), "/condition");
      h5_.dataset<typename decltype(values)::value_type>("/dynamics/" + name, values, dims, meaning);
    };
    estimate("switch_rate", &Statistics::switch_rate, {"switches per 1,000 steps", "1"});
    by("off_share", [](auto const& s) { return s.off_share; }, {"share of steps on no circle", "1"});
    by("occupancy_distance", [](auto const& s) { return s.occupancy_distance; },
       {"total variation between occupancy and what the process shows in such windows", "1"});
    by("dwells", [](auto const& s) { return s.dwells; }, {"complete visits after the seed", "1"});
    by("dwell_mean", [](auto const& s) { return s.dwell_mean; }, {"mean length of complete visits", "step"});
    by("dwell_std", [](auto const& s) { return s.dwell_std; }, {"their standard deviation", "step"});
    by("allowed_share", [](auto const& s) { return s.allowed_share; },
       {"share of transitions that the process can make", "1"});
    by("transition_distance", [](auto const& s) { return s.transition_distance; },
       {"total variation from the transitions that the process shows in such windows, rows weighted by departures",
        "1"});
    by("transition_divergence", [](auto const& s) { return s.transition_divergence; },
       {"Kullback-Leibler divergence from the transitions that the process shows in such windows, rows weighted by "
        "departures",
        "nat"});
    by("distance_rms", [](auto const& s) { return s.distance; },
       {"root mean square distance to the nearest circle, steps without burst noise", "1"});
    h5_.dataset<double>("/dynamics/distance_limit", a_.limit, {"/condition"},
                        {"root mean square distance above which a trajectory is off the manifold", "1"});
    estimate("prediction_mse", &Statistics::prediction_error,
             {"squared error of the exact filter's prediction, steps without burst noise", "1"});
    by("oracle_agreement", [](auto const& s) { return s.agreement; },
       {"share of steps on a circle at which the exact filter gives that circle the highest probability", "1"});
    by("lasting", [](auto const& s) { return s.lasting; }, {"samples that never fail", "1"});
    estimate("time_to_failure", &Statistics::time_to_failure,
             {"mean time to the first failure; samples without one count as all steps", "step"});
    rows("switches", &Statistics::switches, {"/sample"}, {"switches", "1"});
    rows("first_failure", &Statistics::first_failure, {"/sample"}, {"first failure of any kind; NaN: none", "step"});
    rows("failed", &Statistics::failed, {"/failure"}, {"samples whose first failure is of this kind", "1"});
    rows("occupancy", &Statistics::occupancy, {"/circle_id"}, {"share of steps on each circle", "1"});
    rows("transitions", &Statistics::transitions, {"/circle_id", "/next_circle"}, {"transitions counted", "1"});
    rows("dwell_count", &Statistics::dwell, {"/dwell_bin"}, {"complete visits by length", "1"});
    if (a_.burst_interval == 0) return;
    Integers since;
    for (auto const& of_condition : a_.since_burst) since.insert(since.end(), of_condition.begin(), of_condition.end());
    h5_.dataset<std::int64_t>("/dynamics/switches_since_burst", since, {"/condition", "/since_burst"},
                              {"switches by the time since the last burst began, or would have", "1"});
  }

  void visits() {
    Integers condition, sample, circle, first, steps, complete;
    for (std::size_t c = 0; c < a_.trajectories.size(); ++c)
      for (std::size_t i = 0; i < a_.trajectories[c].size(); ++i)
        for (auto const& visit : a_.trajectories[c][i].visits) {
          if (visit.end() <= 0) continue;  // over before the first generated step
          condition.push_back(static_cast<std::int64_t>(c)), sample.push_back(static_cast<std::int64_t>(i));
          circle.push_back(visit.circle), first.push_back(visit.first), steps.push_back(visit.steps),
              complete.push_back(visit.complete);
        }
    h5_.counting_scale("/visit", 0, static_cast<std::int64_t>(circle.size()),
                       {"visit of any sample and condition", "1"});
    auto const write = [&](std::string const& name, Integers const& values, store::Meaning const& meaning) {
      h5_.dataset<std::int64_t>("/dynamics/visits/" + name, values, {"/visit"}, meaning);
    };
    write("condition_number", condition, {"place of its condition in /condition", "1"});
    write("sample_number", sample, {"its sample", "1"});
    write("circle", circle, {"its circle", "1"});
    write("first", first, {"its first step; negative: in the seed", "step"});
    write("steps", steps, {"its length", "step"});
    write("complete", complete, {"1: both ends lie inside seed and continuation", "1"});
  }

  void process() {
    h5_.scalar("/dynamics/independent_samples", a_.independent_samples,
               {"samples without overlap whose means would have the same error", "1"});
    law("/dynamics/process/", a_.law.seen, " in windows like the samples', which truncate visits");
    h5_.scalar("/dynamics/process/off_share", a_.law.seen.off_share,
               {"share of steps in visits truncated too much to be counted", "1"});
    law("/dynamics/process/whole/", a_.law, "");
    if (!a_.comparison) return;
    auto const pair = [&](std::string const& name, Estimate const& e, store::Meaning const& meaning) {
      h5_.scalar("/dynamics/bursts/" + name, e.value, meaning);
      h5_.scalar("/dynamics/bursts/" + name + "_se", e.standard_error,
                 {"its standard error over pairs of samples, corrected for overlapping windows", meaning.units});
    };
    pair("switch_rate_ratio", a_.comparison->rate_ratio, {"switches with bursts over switches without", "1"});
    pair("switch_rate_difference", a_.comparison->rate_difference,
         {"switches per 1,000 steps, with bursts minus without", "1"});
    pair("time_to_failure_difference", a_.comparison->time_difference,
         {"mean time to the first failure, with bursts minus without", "step"});
  }

 private:
  template <class Law>
  void law(std::string const& group, Law const& law, std::string const& where) {
    h5_.dataset<double>(group + "occupancy", law.occupancy, {"/circle_id"},
                        {"share of steps on each circle" + where, "1"});
    h5_.dataset<double>(group + "transition_matrix", law.transition_matrix, {"/circle_id", "/next_circle"},
                        {"transition probability" + where, "1"});
    h5_.dataset<double>(group + "dwell_probability", law.dwell, {"/dwell_bin"},
                        {"probability of a visit's length" + where, "1"});
    h5_.scalar(group + "dwell_mean", law.dwell_mean, {"mean length of a visit" + where, "step"});
    h5_.scalar(group + "dwell_std", law.dwell_std, {"its standard deviation", "step"});
    h5_.scalar(group + "switch_rate", law.switch_rate, {"switches per 1,000 steps" + where, "1"});
  }
  template <class T>
  void steps(std::string const& name, std::vector<T> Trajectory::* member, store::Meaning const& meaning) {
    std::vector<T> values;
    for (auto const& of_condition : a_.trajectories)
      for (auto const& trajectory : of_condition)
        values.insert(values.end(), (trajectory.*member).begin(), (trajectory.*member).end());
    h5_.dataset<T>("/dynamics/" + name, values, {"/condition", "/sample", "/time"}, meaning);
  }

  store::Hdf5Writer& h5_;
  Analysis const& a_;
};

}  // namespace

void write_dynamics(store::Hdf5Writer& h5, Analysis const& analysis) {
  Writer writer(h5, analysis);
  writer.scales();
  writer.step_by_step();
  writer.statistics();
  writer.visits();
  writer.process();
}

}  // namespace mambasynth::dynamics
