#include "doctor/checks.hpp"
#include "doctor/facts_json.hpp"
#include "doctor/report.hpp"

namespace mambasynth::doctor {

std::string to_json_text(Facts const& facts, Findings const& findings) {
  using Json = nlohmann::ordered_json;
  Json report{{"schema_version", 1}, {"worst", name_of(worst(findings))}, {"ranks", facts.ranks}};
  report["silent"] = Json::array();
  for (auto const& rank : facts.unresponsive)
    report["silent"].push_back({{"rank", rank.rank}, {"host", rank.host}, {"doing", rank.doing}});
  report["clocks"] = Json::array();
  for (auto const& clock : facts.clocks)
    report["clocks"].push_back(
        {{"host", clock.host}, {"offset_seconds", clock.seconds}, {"uncertainty_seconds", clock.uncertainty}});
  report["folder"] = facts.folder ? Json(*facts.folder) : Json(nullptr);
  report["findings"] = Json::array();
  for (auto const& f : findings)
    report["findings"].push_back({{"level", name_of(f.level)},
                                  {"check", f.check},
                                  {"problem", f.problem},
                                  {"why", f.why},
                                  {"remedy", f.remedy},
                                  {"ranks", f.ranks}});
  // Names of files and hosts need not be UTF-8.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mambasynth::doctor
