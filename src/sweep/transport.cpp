#include "sweep/transport.hpp"

#include <algorithm>

#include "errors/errors.hpp"

namespace mambasynth::sweep {
namespace {

constexpr int manager_rank = 0;
constexpr int order_tag = 1;
constexpr int report_tag = 2;
constexpr double longest_interval = 5;  // seconds between two heartbeats

template <class T>
std::optional<T> pop(std::mutex& mutex, std::deque<T>& queue) {
  std::lock_guard const guard(mutex);
  if (queue.empty()) return std::nullopt;
  auto front = std::move(queue.front());
  queue.pop_front();
  return front;
}

template <class T>
void push(std::mutex& mutex, std::deque<T>& queue, T const& item) {
  std::lock_guard const guard(mutex);
  queue.push_back(item);
}

}  // namespace

void LocalLink::send(Report const& report) { push(mutex_, reports_, report); }
std::optional<Order> LocalLink::poll() { return pop(mutex_, orders_); }
void LocalLink::send_order(Order const& order) { push(mutex_, orders_, order); }
std::optional<Report> LocalLink::poll_report() { return pop(mutex_, reports_); }

MpiLink::MpiLink(parallel::Communicator world, double rank_timeout)
    : world_(std::move(world)),
      interval_(std::min(longest_interval, rank_timeout / 4)),
      thread_([this](std::stop_token const& stop) { send_heartbeats(stop); }) {}

void MpiLink::send(Report const& report) {
  std::lock_guard const guard(mutex_);
  world_.send(manager_rank, report_tag, to_bytes(report));
}

std::optional<Order> MpiLink::poll() {
  std::lock_guard const guard(mutex_);
  auto const message = world_.try_receive();
  if (!message) return std::nullopt;
  return order_from(message->bytes);
}

void MpiLink::send_heartbeats(std::stop_token const& stop) {
  Report heartbeat;
  heartbeat.kind = Report::Kind::heartbeat;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, interval_, [] { return false; }) && !stop.stop_requested()) {
    try {
      world_.send(manager_rank, report_tag, to_bytes(heartbeat));
    } catch (errors::Error const&) {
      return;  // the worker will encounter the same error
    }
  }
}

void MpiHub::send(int rank, Order const& order) {
  if (rank == manager_rank) own_.send_order(order);
  else world_.send(rank, order_tag, to_bytes(order));
}

std::optional<std::pair<int, Report>> MpiHub::poll() {
  if (auto report = own_.poll_report()) return std::pair{manager_rank, std::move(*report)};
  if (auto const message = world_.try_receive()) return std::pair{message->source, report_from(message->bytes)};
  return std::nullopt;
}

}  // namespace mambasynth::sweep
