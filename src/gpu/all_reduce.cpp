#include "gpu/all_reduce.hpp"

#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAStream.h>
#include <nccl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "errors/errors.hpp"
#include "kernels/cuda/launch.hpp"
#include "provenance/run.hpp"

namespace mambasynth::gpu {
namespace {

using Clock = std::chrono::steady_clock;

errors::Error nccl_error(std::string const& what, std::string const& why) {
  return errors::machine(what, why, "NCCL_DEBUG=WARN shows more; the trial continues from its last save");
}

/// Two numbers that identify this process's GPU among those of all hosts.
std::array<double, 2> name_of_gpu() {
  int device = 0;
  kernels::cuda::check(cudaGetDevice(&device), "querying the current GPU");
  std::array<char, 32> bus{};
  kernels::cuda::check(cudaDeviceGetPCIBusId(bus.data(), static_cast<int>(bus.size()), device),
                       "querying the GPU's PCI address");
  auto const hash = std::hash<std::string>{}(provenance::host_name() + " " + bus.data());
  return {static_cast<double>(hash >> 32), static_cast<double>(hash & 0xffffffffU)};
}

void require_distinct_gpus(parallel::Group& group) {
  auto const size = static_cast<std::size_t>(group.size());
  std::vector<double> names(2 * size, 0.0);
  auto const own = name_of_gpu();
  names[2 * static_cast<std::size_t>(group.rank())] = own[0];
  names[2 * static_cast<std::size_t>(group.rank()) + 1] = own[1];
  group.all_reduce(names);
  for (std::size_t a = 0; a < size; ++a)
    for (std::size_t b = a + 1; b < size; ++b)
      if (names[2 * a] == names[2 * b] && names[2 * a + 1] == names[2 * b + 1])
        throw errors::usage(
            "ranks " + std::to_string(a) + " and " + std::to_string(b) + " of one trial have the same GPU",
            "NCCL needs one GPU per rank", "Start one rank per GPU, or train on fewer ranks");
}

}  // namespace

class AllReduce::State {
 public:
  explicit State(parallel::Group& group) : timeout_(group.timeout()), stream_(c10::cuda::getStreamFromPool(true)) {
    require_distinct_gpus(group);
    ncclUniqueId id{};
    if (group.is_root()) require(ncclGetUniqueId(&id), "NCCL cannot start");
    group.broadcast(std::as_writable_bytes(std::span(&id, 1)));
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;  // a rank that never joins must not block the others
    try {
      require(ncclCommInitRankConfig(&comm_, group.size(), id, group.rank(), &config),
              "the GPUs of a trial cannot be connected");
      complete("the GPUs of a trial cannot be connected");
    } catch (...) {
      if (comm_ != nullptr) ncclCommAbort(comm_);
      throw;
    }
    watchdog_ = std::jthread([this](std::stop_token const& stop) { run_watchdog(stop); });
  }
  State(State const&) = delete;
  State& operator=(State const&) = delete;
  ~State() {
    watchdog_ = {};
    if (comm_ != nullptr && !aborted_) ncclCommAbort(comm_);
  }

  void abandon() {
    abandoned_ = true;
    wake_.notify_all();
  }

  template <class T>
  void begin(T* values, std::int64_t count, ncclDataType_t type) {
    check();
    auto const here = c10::cuda::getCurrentCUDAStream();
    ready_.record(here);
    ready_.block(stream_);
    std::lock_guard const guard(mutex_);
    require(ncclAllReduce(values, values, static_cast<std::size_t>(count), type, ncclSum, comm_, stream_.stream()),
            "the GPUs of a trial cannot sum their gradients");
    complete("the GPUs of a trial cannot sum their gradients");
  }

  void join() {
    done_.record(stream_);
    done_.block(c10::cuda::getCurrentCUDAStream());
  }

  void watch(bool on) { waits_since_ = on ? Clock::now().time_since_epoch().count() : 0; }

  void check() const {
    if (aborted_) throw parallel::PeerTimeout(why_);
  }

  void finish() {
    watchdog_ = {};
    check();
    if (comm_ == nullptr) return;
    require(ncclCommFinalize(comm_), "the communicator of a trial's GPUs cannot be closed");
    complete("the communicator of a trial's GPUs cannot be closed");
    ncclCommDestroy(comm_);
    comm_ = nullptr;
  }

 private:
  void require(ncclResult_t result, char const* what) const {
    if (result == ncclSuccess || result == ncclInProgress) return;
    throw nccl_error(what, std::string("NCCL: ") + ncclGetErrorString(result) + last_error());
  }
  [[nodiscard]] std::string last_error() const {
    std::string const text = ncclGetLastError(comm_);
    return text.empty() ? "" : ", " + text;
  }

  /// Waits until a call has completed: on a non-blocking communicator, calls return earlier.
  void complete(char const* what) {
    auto const begin = Clock::now();
    ncclResult_t state = ncclInProgress;
    for (;;) {
      require(ncclCommGetAsyncError(comm_, &state), what);
      if (state != ncclInProgress) break;
      if (Clock::now() - begin > std::chrono::duration<double>(timeout_))
        throw nccl_error(what, "nothing came from another rank for " +
                                   std::to_string(static_cast<long long>(timeout_)) + " s (train.comm_timeout)");
      std::this_thread::yield();
    }
    require(state, what);
  }

  void run_watchdog(std::stop_token const& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, stop, std::chrono::milliseconds(100), [this] { return abandoned_.load(); });
      ncclResult_t state = ncclSuccess;
      auto const asked = ncclCommGetAsyncError(comm_, &state);
      auto const since = waits_since_.load();
      bool const failed = asked != ncclSuccess || (state != ncclSuccess && state != ncclInProgress);
      bool const late = since != 0 && Clock::now() - Clock::time_point(Clock::duration(since)) >
                                          std::chrono::duration<double>(timeout_);
      if (!failed && !late && !abandoned_) continue;
      why_ = failed ? std::string("NCCL: ") + ncclGetErrorString(asked != ncclSuccess ? asked : state) + last_error()
                    : "nothing came from another rank for " + std::to_string(static_cast<long long>(timeout_)) +
                          " s (train.comm_timeout)";
      aborted_ = true;
      lock.unlock();
      // The kernels end at once; this call returns when the graphs that hold sums are destroyed.
      ncclCommAbort(comm_);
      return;
    }
  }

  double timeout_;
  c10::cuda::CUDAStream stream_;
  at::cuda::CUDAEvent ready_, done_;
  ncclComm_t comm_ = nullptr;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::string why_;
  std::atomic<bool> aborted_ = false, abandoned_ = false;
  std::atomic<Clock::rep> waits_since_ = 0;
  std::jthread watchdog_;
};

AllReduce::AllReduce(parallel::Group& group) : state_(std::make_unique<State>(group)) {}
AllReduce::~AllReduce() = default;
void AllReduce::begin(float* values, std::int64_t count) { state_->begin(values, count, ncclFloat32); }
void AllReduce::begin(double* values, std::int64_t count) { state_->begin(values, count, ncclFloat64); }
void AllReduce::join() { state_->join(); }
void AllReduce::check() const { state_->check(); }
void AllReduce::watch(bool on) { state_->watch(on); }
void AllReduce::finish() { state_->finish(); }
void AllReduce::abandon() { state_->abandon(); }

}  // namespace mambasynth::gpu
