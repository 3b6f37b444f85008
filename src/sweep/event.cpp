#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "store/json_integer.hpp"
#include "sweep/ledger.hpp"

namespace mambasynth::sweep {
namespace {

constexpr std::array kinds{EventKind::opened,    EventKind::dispatched, EventKind::started, EventKind::epoch,
                           EventKind::measuring, EventKind::finished,   EventKind::failed,  EventKind::preempted,
                           EventKind::requeued,  EventKind::closed};

double number_or_nan(nlohmann::json const& object, char const* key) {
  auto const found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::opened:
      return "opened";
    case EventKind::dispatched:
      return "dispatched";
    case EventKind::started:
      return "started";
    case EventKind::epoch:
      return "epoch";
    case EventKind::measuring:
      return "measuring";
    case EventKind::finished:
      return "finished";
    case EventKind::failed:
      return "failed";
    case EventKind::preempted:
      return "preempted";
    case EventKind::requeued:
      return "requeued";
    case EventKind::closed:
      break;
  }
  return "closed";
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

std::string iso_time(double seconds) {
  auto const milliseconds = static_cast<std::int64_t>(std::llround(seconds * 1000));
  auto const whole = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%s.%03dZ", date.data(), static_cast<int>(milliseconds % 1000));
  return text.data();
}

std::optional<double> parse_iso_time(std::string_view text) {
  std::tm parts{};
  int milliseconds = 0;
  // The widths keep every number small.
  if (std::sscanf(std::string(text).c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &milliseconds) != 7)
    return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return static_cast<double>(timegm(&parts)) + milliseconds / 1000.0;
}

std::string to_line(Event const& event) {
  nlohmann::ordered_json object;
  object["time"] = iso_time(event.time);
  object["event"] = name_of(event.kind);
  auto const text = [&](char const* key, std::string const& value) {
    if (!value.empty()) object[key] = value;
  };
  auto const count = [&](char const* key, std::int64_t value) {
    if (value != 0) object[key] = value;
  };
  auto const number = [&](char const* key, double value) {
    if (std::isfinite(value)) object[key] = value;
  };
  text("trial", event.trial);
  if (event.rank >= 0) object["rank"] = event.rank;
  count("ranks", event.ranks);
  count("slots", event.slots);
  text("host", event.host);
  text("code", event.code);
  text("command", event.command);
  text("directory", event.directory);
  count("epoch", event.epoch);
  count("epochs", event.epochs);
  number("train_mse", event.train_mse);
  number("val_mse", event.val_mse);
  if (event.state) object["state"] = name_of(*event.state);
  text("reason", event.reason);
  if (event.seconds > 0) object["seconds"] = std::round(event.seconds * 1000) / 1000;
  if (event.kind == EventKind::closed) object["exit_code"] = event.exit_code;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<Event> from_line(std::string_view line) {
  auto const object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  try {
    Event event;
    bool fits = true;
    auto const integer = [&](char const* key, auto otherwise) {
      auto const found = object.find(key);
      if (found == object.end()) return otherwise;
      auto const value = store::integer_in<decltype(otherwise)>(*found);
      fits = fits && value;
      return value.value_or(otherwise);
    };
    auto const name = object.value("event", "");
    bool known = false;
    for (auto const kind : kinds)
      if (name_of(kind) == name) {
        event.kind = kind;
        known = true;
      }
    auto const time = parse_iso_time(object.value("time", ""));
    if (!known || !time) return std::nullopt;
    event.time = *time;
    event.trial = object.value("trial", "");
    event.rank = integer("rank", -1);
    event.ranks = integer("ranks", 0);
    event.slots = integer("slots", 0);
    event.host = object.value("host", "");
    event.code = object.value("code", "");
    event.command = object.value("command", "");
    event.directory = object.value("directory", "");
    event.epoch = integer("epoch", std::int64_t{0});
    event.epochs = integer("epochs", std::int64_t{0});
    event.train_mse = number_or_nan(object, "train_mse");
    event.val_mse = number_or_nan(object, "val_mse");
    event.state = state_named(object.value("state", ""));
    event.reason = object.value("reason", "");
    event.seconds = object.value("seconds", 0.0);
    event.exit_code = integer("exit_code", 0);
    return fits ? std::optional(std::move(event)) : std::nullopt;
  } catch (nlohmann::json::exception const&) {
    return std::nullopt;  // a field of the wrong type: not one of our events
  }
}

}  // namespace mambasynth::sweep
