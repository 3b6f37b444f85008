#include "sweep/slots.hpp"

#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "sweep/training_turns.hpp"

namespace mambasynth::sweep {
namespace {

/// A link shared by all slots: whichever slot polls also receives the orders for the others.
class SharedLink {
 public:
  SharedLink(WorkerLink& link, int slots, int trainings)
      : link_(link), turns_(slots, trainings), orders_(static_cast<std::size_t>(slots)) {}

  void send(Report report, int slot) {
    if (report.kind == Report::Kind::measuring || report.kind == Report::Kind::ended) turns_.give_back(slot);
    report.slot = slot;
    link_.send(report);
  }
  bool may_ask(int slot) { return turns_.take_to_ask(slot); }
  std::optional<Order> poll(int slot) {
    std::lock_guard const guard(mutex_);
    while (auto order = link_.poll()) {
      if (order->kind == Order::Kind::run)
        orders_.at(static_cast<std::size_t>(order->slot)).push_back(std::move(*order));
      else
        for (auto& queue : orders_) queue.push_back(*order);
    }
    auto& own = orders_[static_cast<std::size_t>(slot)];
    if (own.empty() || (own.front().kind == Order::Kind::run && !turns_.take_to_train(slot))) return std::nullopt;
    auto order = std::move(own.front());
    own.pop_front();
    return order;
  }

 private:
  WorkerLink& link_;
  TrainingTurns turns_;
  std::mutex mutex_;
  std::vector<std::deque<Order>> orders_;
};

class SlotLink : public WorkerLink {
 public:
  SlotLink(SharedLink& shared, int slot) : shared_(shared), slot_(slot) {}
  void send(Report const& report) override { shared_.send(report, slot_); }
  std::optional<Order> poll() override { return shared_.poll(slot_); }
  bool may_ask() override { return shared_.may_ask(slot_); }

 private:
  SharedLink& shared_;
  int slot_;
};

}  // namespace

Served serve_slots(WorkerLink& link, Slots const& of_rank, Hooks const& hooks, int rank,
                   std::function<bool()> const& manager_lost, MakeGroup const& make_group) {
  auto const slots = of_rank.trainings + (of_rank.overlap ? 1 : 0);
  SharedLink shared(link, slots, of_rank.trainings);
  std::mutex watching;
  std::atomic<bool> failed{false};
  auto const lost = [&] {
    if (failed) return true;
    std::lock_guard const guard(watching);
    return manager_lost && manager_lost();
  };
  std::vector<Served> served(static_cast<std::size_t>(slots));
  std::vector<std::exception_ptr> errors(served.size());
  auto const serve_one = [&](int slot) {
    auto const place = static_cast<std::size_t>(slot);
    try {
      SlotLink own(shared, slot);
      served[place] = serve(own, hooks, rank, lost, make_group);
    } catch (...) {
      errors[place] = std::current_exception();
      failed = true;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int slot = 1; slot < slots; ++slot) threads.emplace_back([&serve_one, slot] { serve_one(slot); });
    serve_one(0);
  }
  for (auto const& error : errors)
    if (error) std::rethrow_exception(error);
  for (auto const& ending : served)
    if (ending.manager_lost) return ending;
  return served.front();
}

}  // namespace mambasynth::sweep
