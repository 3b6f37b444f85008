#include "sweep/messages.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "config/toml.hpp"

namespace mambasynth::sweep {
namespace {

using nlohmann::json;

double loss(json const& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// JSON has no infinities; a loss that overflowed is treated as NaN.
json loss(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

/// MessagePack, because JSON text must be UTF-8 while the bytes of a folder's name must arrive unchanged.
std::string bytes_of(json const& object) {
  std::string bytes;
  json::to_msgpack(object, bytes);
  return bytes;
}

template <class Message, class F>
Message parse(std::string const& bytes, F&& read) {
  try {
    return read(json::from_msgpack(bytes));
  } catch (json::exception const& error) {
    throw std::runtime_error(std::string("invalid message between ranks: ") + error.what());
  }
}

}  // namespace

std::string to_bytes(Order const& order) {
  json object{{"kind", static_cast<int>(order.kind)}, {"exit_code", order.exit_code}, {"ranks_lost", order.ranks_lost}};
  if (order.kind == Order::Kind::run)
    object.update({{"slot", order.slot},
                   {"trial", order.trial},
                   {"id", order.planned.id},
                   {"configuration", config::to_toml(order.planned.trial)},
                   {"axis_values", order.planned.axis_values},
                   {"cost", order.planned.cost},
                   {"data_hash", order.planned.data_hash},
                   {"folder", order.folder},
                   {"data", order.data},
                   {"threads", order.threads},
                   {"ranks", order.ranks},
                   {"group", order.group},
                   {"micro_batch", order.micro_batch},
                   {"timeout", order.timeout}});
  return bytes_of(object);
}

Order order_from(std::string const& bytes) {
  return parse<Order>(bytes, [](json const& object) {
    Order order;
    order.kind = static_cast<Order::Kind>(object.at("kind").get<int>());
    order.exit_code = object.at("exit_code").get<int>();
    order.ranks_lost = object.at("ranks_lost").get<bool>();
    if (order.kind != Order::Kind::run) return order;
    order.slot = object.at("slot").get<int>();
    order.trial = object.at("trial").get<std::size_t>();
    order.planned.id = object.at("id").get<std::string>();
    config::apply_text(order.planned.trial, object.at("configuration").get<std::string>(), "an order");
    order.planned.axis_values = object.at("axis_values").get<std::vector<std::string>>();
    order.planned.cost = object.at("cost").get<double>();
    order.planned.data_hash = object.at("data_hash").get<std::string>();
    order.folder = object.at("folder").get<std::string>();
    order.data = object.at("data").get<std::string>();
    order.threads = object.at("threads").get<int>();
    order.ranks = object.at("ranks").get<std::vector<int>>();
    order.group = object.at("group").get<std::int64_t>();
    order.micro_batch = object.at("micro_batch").get<std::int64_t>();
    order.timeout = object.at("timeout").get<double>();
    return order;
  });
}

std::string to_bytes(Report const& report) {
  json object{{"kind", static_cast<int>(report.kind)},
              {"slot", report.slot},
              {"trial", report.trial},
              {"epoch", report.mark.epoch},
              {"epochs", report.mark.epochs},
              {"train_mse", loss(report.mark.train_mse)},
              {"val_mse", loss(report.mark.val_mse)},
              {"state", name_of(report.state)},
              {"reason", report.reason},
              {"seconds", report.seconds},
              {"machine", report.machine}};
  // Not in every report: with Open MPI, sending a few hundred bytes to a dead rank blocks forever; a shorter message
  // does not.
  if (report.kind == Report::Kind::started)
    object.update({{"host", report.process.host},
                   {"pid", report.process.pid},
                   {"process_start", report.process.process_start},
                   {"boot_id", report.process.boot_id},
                   {"pid_namespace", report.process.pid_namespace},
                   {"time_namespace", report.process.time_namespace}});
  return bytes_of(object);
}

Report report_from(std::string const& bytes) {
  return parse<Report>(bytes, [](json const& object) {
    Report report;
    report.kind = static_cast<Report::Kind>(object.at("kind").get<int>());
    report.slot = object.at("slot").get<int>();
    report.trial = object.at("trial").get<std::size_t>();
    if (report.kind == Report::Kind::started)
      report.process = {.host = object.at("host").get<std::string>(),
                        .pid = object.at("pid").get<std::int64_t>(),
                        .process_start = object.at("process_start").get<std::int64_t>(),
                        .boot_id = object.at("boot_id").get<std::string>(),
                        .pid_namespace = object.at("pid_namespace").get<std::string>(),
                        .time_namespace = object.at("time_namespace").get<std::string>()};
    report.mark = {object.at("epoch").get<std::int64_t>(), object.at("epochs").get<std::int64_t>(),
                   loss(object.at("train_mse")), loss(object.at("val_mse"))};
    report.state = state_named(object.at("state").get<std::string>()).value_or(State::failed);
    report.reason = object.at("reason").get<std::string>();
    report.seconds = object.at("seconds").get<double>();
    report.machine = object.at("machine").get<bool>();
    return report;
  });
}

}  // namespace mambasynth::sweep
