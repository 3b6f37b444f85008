#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "parallel/communicator.hpp"
#include "sweep/messages.hpp"

/// Transport of orders and reports. Nothing here blocks: a blocking MPI call would spin on a core that is training.
namespace mambasynth::sweep {

/// A worker's end.
class WorkerLink {
 public:
  virtual ~WorkerLink() = default;
  virtual void send(Report const& report) = 0;
  virtual std::optional<Order> poll() = 0;
  /// Whether the worker may ask for a trial now; if not, it tries again.
  virtual bool may_ask() { return true; }
};

/// The manager's end, to ranks 0 .. ranks() - 1.
class ManagerHub {
 public:
  virtual ~ManagerHub() = default;
  [[nodiscard]] virtual int ranks() const = 0;
  virtual void send(int rank, Order const& order) = 0;
  virtual std::optional<std::pair<int, Report>> poll() = 0;  ///< the rank and its report
};

/// Between two threads of rank 0.
class LocalLink : public WorkerLink {
 public:
  void send(Report const& report) override;
  std::optional<Order> poll() override;
  void send_order(Order const& order);
  std::optional<Report> poll_report();

 private:
  std::mutex mutex_;
  std::deque<Order> orders_;
  std::deque<Report> reports_;
};

/// From another rank to rank 0. A background thread sends heartbeats while a trial computes; a mutex serializes it and
/// the caller.
class MpiLink : public WorkerLink {
 public:
  /// rank_timeout: seconds without a message after which the manager considers this rank lost.
  MpiLink(parallel::Communicator world, double rank_timeout);
  void send(Report const& report) override;
  std::optional<Order> poll() override;

 private:
  void send_heartbeats(std::stop_token const& stop);

  parallel::Communicator world_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::chrono::duration<double> interval_;  ///< between two heartbeats
  std::jthread thread_;
};

/// Rank 0's: its own workers over `own`, the others over MPI.
class MpiHub : public ManagerHub {
 public:
  MpiHub(parallel::Communicator world, LocalLink& own) : world_(std::move(world)), own_(own) {}
  [[nodiscard]] int ranks() const override { return world_.size(); }
  void send(int rank, Order const& order) override;
  std::optional<std::pair<int, Report>> poll() override;

 private:
  parallel::Communicator world_;
  LocalLink& own_;
};

}  // namespace mambasynth::sweep
