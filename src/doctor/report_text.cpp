#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/document/table.hpp"
#include "analysis/document/text_rows.hpp"
#include "doctor/checks.hpp"
#include "doctor/report.hpp"

namespace mambasynth::doctor {
namespace {

using analysis::document::nothing;

using Row = std::vector<std::string>;

/// Left-aligned columns; columns without any values are omitted.
std::string table(std::vector<Row> const& rows) {
  auto const columns = rows.front().size();
  std::vector<std::size_t> widths(columns, 0);
  for (std::size_t column = 0; column < columns; ++column) {
    bool const said = std::any_of(rows.begin() + 1, rows.end(),
                                  [&](Row const& row) { return !row[column].empty() && row[column] != nothing; });
    if (!said) continue;
    for (auto const& row : rows) widths[column] = std::max(widths[column], analysis::document::characters(row[column]));
  }
  std::string text;
  for (auto const& row : rows) {
    std::string line;
    for (std::size_t column = 0; column < columns; ++column)
      if (widths[column] > 0) line += fmt::format("{:<{}}  ", row[column], widths[column]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += "  " + line + "\n";
  }
  return text;
}

std::string mhz(int now, int most) {
  if (now < 0 && most < 0) return nothing;
  if (now < 0) return fmt::format("up to {} MHz", most);
  return most < 0 ? fmt::format("{} MHz", now) : fmt::format("{} of {} MHz", now, most);
}

std::string state_of(gpu::Card const& card) {
  if (!card.unusable.empty()) return "unusable";
  auto text = card.slowed_by.empty() ? std::string("full speed") : "slowed by " + card.slowed_by;
  if (card.uncorrected_ecc_errors >= 0) text += fmt::format(", {} ECC errors", card.uncorrected_ecc_errors);
  return text;
}

std::string rank_table(Facts const& facts) {
  std::vector<Row> rows{{"rank", "host", "local", "cores", "GPU", "GPU memory free", "GPU clock", "GPU state"}};
  for (auto const& rank : facts.ranks) {
    auto const& card = rank.gpu.card;
    bool const has = rank.gpu.count > 0;
    rows.push_back({std::to_string(rank.rank), rank.host, fmt::format("{} of {}", rank.local_rank, rank.local_size),
                    rank.cores.empty() ? nothing : ranges(rank.cores),
                    has ? fmt::format("{} of {}: {}", card.number, rank.gpu.count, card.name) : nothing,
                    has ? fmt::format("{} of {}", size_text(card.memory_free_mb), size_text(card.memory_mb)) : nothing,
                    has ? mhz(card.clock_mhz, card.most_clock_mhz) : nothing, has ? state_of(card) : nothing});
  }
  for (auto const& lost : facts.unresponsive)
    if (lost.rank != 0)
      rows.push_back({std::to_string(lost.rank), lost.host.empty() ? "?" : lost.host, "no response", nothing, nothing,
                      nothing, nothing, nothing});
  return table(rows);
}

std::string free_of(Space const& space) {
  return space.total_mb == 0 ? "none" : fmt::format("{} of {}", size_text(space.free_mb), size_text(space.total_mb));
}

std::string host_table(Facts const& facts) {
  std::vector<Row> rows{
      {"host", "ranks", "driver", "CPU", "memory free", "cgroup", "/dev/shm free", "temporary free", "clock"}};
  for (auto const& host : by_host(facts)) {
    auto const& first = *host.front();
    auto const clock = std::find_if(facts.clocks.begin(), facts.clocks.end(),
                                    [&](auto const& other) { return other.host == first.host; });
    bool const several = facts.clocks.size() > 1 && clock != facts.clocks.end();
    rows.push_back({first.host, std::to_string(host.size()),
                    first.nvidia_driver.empty() ? nothing : first.nvidia_driver, first.instruction_set,
                    fmt::format("{} of {}", size_text(first.memory.available_mb), size_text(first.memory.node_mb)),
                    first.memory.cgroup_mb ? size_text(*first.memory.cgroup_mb) : nothing, free_of(first.shared_memory),
                    fmt::format("{} in {}", free_of(first.temporary), first.temporary.path),
                    several ? fmt::format("{:+.3f} s", clock->seconds) : nothing});
  }
  return table(rows);
}

std::string concerned(Finding const& finding, Facts const& facts) {
  if (facts.ranks.size() + facts.unresponsive.size() < 2 || finding.ranks.empty() ||
      finding.ranks.size() == facts.ranks.size())
    return "";
  return fmt::format(" [rank{} {}]", finding.ranks.size() == 1 ? "" : "s", ranges(finding.ranks));
}

std::string summary(Findings const& findings) {
  auto const count = [&](Level level) {
    return std::count_if(findings.begin(), findings.end(), [&](auto const& f) { return f.level == level; });
  };
  auto const errors = count(Level::error), warnings = count(Level::warning);
  auto const plural = [](auto number, char const* what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
  };
  if (errors > 0)
    return fmt::format("{}, {}: correct the errors before you start a sweep here.", plural(errors, "error"),
                       plural(warnings, "warning"));
  if (warnings > 0) return fmt::format("No errors, {}: a sweep will run here.", plural(warnings, "warning"));
  return "No problems: a sweep will run here.";
}

}  // namespace

std::string to_text(Facts const& facts, Findings const& findings) {
  auto const& program = facts.ranks.front().program;
  auto text = fmt::format(
      "mambasynth {} {} {}{}\n\n{}\n{}\n", program.version, program.commit, program.build_type,
      program.cuda.empty() ? ", without CUDA" : ", CUDA " + program.cuda + " for " + program.gpu_architectures,
      rank_table(facts), host_table(facts));
  for (auto const& finding : findings)
    text += fmt::format("{:<8} {}{}\n", name_of(finding.level), finding.text(), concerned(finding, facts));
  return text + "\n" + summary(findings) + "\n";
}

}  // namespace mambasynth::doctor
