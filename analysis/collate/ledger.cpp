#include "analysis/collate/ledger.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <unordered_map>

#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "store/process_json.hpp"

namespace mambasynth::analysis::collate {
namespace {

namespace fs = std::filesystem;

/// A launcher on another machine counts as alive as long as its lock is there.
bool launcher_lives(fs::path const& folder) {
  constexpr std::size_t most_bytes = 1 << 16;
  try {
    auto const lock = nlohmann::json::parse(store::read_text(folder / "lock", most_bytes));
    auto const holder = store::process_in(lock);
    return !store::shares_process_ids(holder, store::this_process()) || store::is_running(holder);
  } catch (errors::Error const&) {
    return false;  // no lock
  } catch (nlohmann::json::exception const&) {
    return false;  // not a lock
  }
}

struct View {
  bool running = false;
  std::string state, reason;  ///< of a try that ended without a result
};

class Ledger {
 public:
  void apply(std::string_view line) {
    // Nearly all lines of a long sweep, and none of them changes a state.
    if (line.find("\"event\":\"epoch\"") != std::string_view::npos) return;
    auto const event = nlohmann::json::parse(line, nullptr, false);
    if (!event.is_object()) return;
    auto const text = [&](char const* key) {
      auto const at = event.find(key);
      return at != event.end() && at->is_string() ? at->get<std::string>() : std::string();
    };
    auto const kind = text("event");
    if (kind == "opened" || kind == "closed") {
      // No trial outlives its launcher.
      for (auto& [id, view] : views_) view.running = false;
      return;
    }
    auto const id = text("trial");
    if (id.empty()) return;
    auto& view = views_[id];
    if (kind == "started") view = {.running = true, .state = {}, .reason = {}};
    else if (kind == "failed") view = {.running = false, .state = text("state"), .reason = text("reason")};
    else if (kind == "finished" || kind == "preempted" || kind == "requeued") view = {};
  }
  [[nodiscard]] View of(std::string const& id) const {
    auto const at = views_.find(id);
    return at == views_.end() ? View{} : at->second;
  }

 private:
  std::unordered_map<std::string, View> views_;
};

}  // namespace

void apply_ledger(fs::path const& folder, std::vector<CollatedTrial>& trials) {
  auto const waits = [](CollatedTrial const& trial) {
    return trial.outcome == Outcome::missing && trial.reason.empty();
  };
  if (std::none_of(trials.begin(), trials.end(), waits)) return;
  Ledger ledger;
  std::ifstream lines(folder / "events.jsonl");
  for (std::string line; std::getline(lines, line);) ledger.apply(line);
  bool const alive = launcher_lives(folder);
  for (auto& trial : trials) {
    if (!waits(trial)) continue;
    auto const view = ledger.of(trial.id);
    trial.running = view.running && alive;
    if (view.state.empty()) continue;
    trial.outcome = Outcome::failed;
    trial.timed_out = view.state == "timed_out";
    trial.reason = view.reason.empty() ? view.state : view.state + ": " + view.reason;
  }
}

}  // namespace mambasynth::analysis::collate
