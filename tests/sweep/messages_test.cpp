#include "sweep/messages.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace mambasynth;

TEST_CASE("orders and reports arrive unchanged") {
  std::string const bytes = "caf\xe9 \x01 \xf0\x9f\x90\x8d";  // Latin-1, a control character, UTF-8
  sweep::Order order;
  order.kind = sweep::Order::Kind::run;
  order.planned.trial.data.path = order.folder = order.data = bytes;
  auto const arrived = sweep::order_from(sweep::to_bytes(order));
  CHECK(arrived.folder == bytes);
  CHECK(arrived.data == bytes);
  CHECK(arrived.planned.trial.data.path == bytes);
  sweep::Report report;
  report.reason = bytes;
  CHECK(sweep::report_from(sweep::to_bytes(report)).reason == bytes);
}
