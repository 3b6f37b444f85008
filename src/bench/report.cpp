#include "bench/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "errors/errors.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::bench {
namespace {

std::string shape_text(Result const& result) {
  std::string text;
  for (auto const& [name, size] : result.shape) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, size);
  return text;
}

/// The fraction of its tightest peak rate that a result reaches; 0 if unknown.
double share_of_limit(Result const& r, Limits const& limits) {
  double const bytes = limits.copy > 0 ? r.bytes / r.median / limits.copy : 0;
  double const operations = limits.arithmetic > 0 ? r.operations / r.median / limits.arithmetic : 0;
  return std::max(bytes, operations);
}

}  // namespace

Baseline read_baseline(std::filesystem::path const& file) {
  try {
    auto const json = nlohmann::json::parse(store::read_text(file));
    Baseline baseline;
    baseline.label = json.value("implementation", file.stem().string());
    for (auto const& result : json.at("results"))
      baseline.median[result.at("name").get<std::string>()] = result.at("median_s").get<double>();
    return baseline;
  } catch (nlohmann::json::exception const&) {
    throw errors::input(file.string() + " is not a benchmark report", "it has no results with name and median_s",
                        "Give a file written by bench --json");
  }
}

std::string to_text(Machine const& machine, std::vector<Result> const& results, std::vector<Baseline> const& baselines,
                    Limits const& limits) {
  std::string text;
  for (auto const& [name, value] : machine) text += fmt::format("{:<16} {}\n", name, value);
  text += fmt::format("\n{:<14} {:>5} {:>11} {:>11} {:>11} {:>14} {:>8} {:>8} {:>9}", "benchmark", "runs", "median ms",
                      "min ms", "max ms", "rate", "GB/s", "of limit", "peak MB");
  bool const on_gpu = std::any_of(results.begin(), results.end(), [](Result const& r) { return r.held_memory_mb > 0; });
  if (on_gpu) text += fmt::format(" {:>8}", "held MB");
  for (auto const& baseline : baselines) text += fmt::format("  {:>16}", "/ " + baseline.label);
  text += "  shape\n";
  for (auto const& r : results) {
    text +=
        fmt::format("{:<14} {:>5} {:>11.3f} {:>11.3f} {:>11.3f} {:>14} {:>8} {:>8} {:>9.0f}", r.name, r.runs,
                    r.median * 1e3, r.least * 1e3, r.most * 1e3, fmt::format("{:.3g} {}/s", r.items / r.median, r.unit),
                    r.bytes > 0 ? fmt::format("{:.1f}", r.bytes / r.median / 1e9) : "",
                    share_of_limit(r, limits) > 0 ? fmt::format("{:.1f} %", 100 * share_of_limit(r, limits)) : "",
                    r.peak_memory_mb);
    if (on_gpu) text += fmt::format(" {:>8.0f}", r.held_memory_mb);
    for (auto const& baseline : baselines) {
      auto const found = baseline.median.find(r.name);
      text += fmt::format("  {:>16}",
                          found == baseline.median.end() ? "" : fmt::format("{:.2f}x", found->second / r.median));
    }
    text += "  " + shape_text(r) + "\n";
  }
  return text;
}

std::string to_json(Machine const& machine, std::vector<Result> const& results, Limits const& limits) {
  nlohmann::ordered_json json;
  json["implementation"] = "mambasynth";
  for (auto const& [name, value] : machine) json["machine"][name] = value;
  if (limits.copy > 0)
    json["limits"] = {{"copy_bytes_per_s", limits.copy}, {"bf16_operations_per_s", limits.arithmetic}};
  json["results"] = nlohmann::ordered_json::array();
  for (auto const& r : results) {
    nlohmann::ordered_json entry;
    entry["name"] = r.name;
    for (auto const& [name, size] : r.shape) entry["shape"][name] = size;
    entry["runs"] = r.runs;
    entry["median_s"] = r.median;
    entry["least_s"] = r.least;
    entry["most_s"] = r.most;
    entry[r.unit + "_per_s"] = r.items / r.median;
    if (r.bytes > 0) entry["bytes"] = r.bytes;
    if (r.bytes > 0 && limits.copy > 0) entry["share_of_copy"] = r.bytes / r.median / limits.copy;
    if (r.operations > 0) entry["operations"] = r.operations;
    if (r.operations > 0 && limits.arithmetic > 0)
      entry["share_of_arithmetic"] = r.operations / r.median / limits.arithmetic;
    entry["peak_memory_mb"] = r.peak_memory_mb;
    if (r.held_memory_mb > 0) entry["held_memory_mb"] = r.held_memory_mb;
    json["results"].push_back(entry);
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace mambasynth::bench
