#include "parallel/group.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "parallel/all_reduce.hpp"
#include "parallel/communicator_handle.hpp"

namespace mambasynth::parallel {
namespace {

using Clock = std::chrono::steady_clock;

// Each group owns this many consecutive tags; no group has more operations in flight at once.
constexpr std::int64_t tags_per_group = 256;
constexpr std::int64_t all_reduce_tags = tags_per_group - 2;
constexpr std::int64_t broadcast_tag = tags_per_group - 2, failure_tag = tags_per_group - 1;
constexpr std::size_t longest_reason = 512;

/// The message that a failing rank sends.
struct FailureNotice {
  int cause = 0;
  char reason[longest_reason] = {};
};

}  // namespace

PeerFailed::PeerFailed(int world_rank, Cause cause, std::string const& reason)
    : cause_(cause), text_("rank " + std::to_string(world_rank) + " of this trial failed: " + reason) {}

PeerTimeout::PeerTimeout(std::string const& why)
    : Error(errors::ExitCode::defect, "another rank of this trial does not respond", why,
            "Check its node; the trial resumes from its last save") {}

class Group::State {
 public:
  State(std::shared_ptr<Communicator::Handle> handle, std::vector<int> ranks, std::int64_t number, double timeout)
      : handle_(std::move(handle)), ranks_(std::move(ranks)), timeout_(timeout) {
    while (rank_ < size() && ranks_[static_cast<std::size_t>(rank_)] != handle_->rank) ++rank_;
    if (rank_ == size()) throw std::logic_error("this rank is not in the group");
    auto const groups = std::max<std::int64_t>(1, handle_->largest_tag / tags_per_group);
    first_tag_ = static_cast<int>(number % groups * tags_per_group);
  }
  State(State const&) = delete;
  State& operator=(State const&) = delete;
  ~State() {
    if (sums_.empty()) return;
    // A stalled rank may still complete these transfers later, so their few megabytes must outlive this object.
    for (auto& sum : sums_) (void)sum.release();
  }

  void begin(std::span<float> values) {
    std::lock_guard const lock(mpi_mutex());
    sums_.push_back(std::make_unique<AllReduce<float>>(place(next_tag()), values));
    tags_.push_back(tag_);
  }

  void progress() {
    std::lock_guard const lock(mpi_mutex());
    (void)advance();
  }

  void wait_all() {
    wait([&] { return advance(); });
    sums_.clear();
    tags_.clear();
  }

  void all_reduce(std::span<double> values) {
    auto const tag = next_tag();
    std::unique_ptr<AllReduce<double>> sum;
    {
      std::lock_guard const lock(mpi_mutex());
      sum = std::make_unique<AllReduce<double>>(place(tag), values);
    }
    try {
      wait([&] { return sum->advance(place(tag)); });
    } catch (...) {
      (void)sum.release();
      throw;
    }
  }

  void broadcast(std::span<std::byte> bytes) {
    auto memory = std::make_unique<std::vector<std::byte>>(bytes.begin(), bytes.end());
    std::vector<MPI_Request> requests;
    auto const count = static_cast<int>(memory->size());
    auto const tag = first_tag_ + static_cast<int>(broadcast_tag);
    {
      std::lock_guard const lock(mpi_mutex());
      if (rank_ == 0) {
        requests.resize(static_cast<std::size_t>(size() - 1));
        for (int other = 1; other < size(); ++other)
          MPI_Isend(memory->data(), count, MPI_BYTE, ranks_[static_cast<std::size_t>(other)], tag, handle_->group_comm,
                    &requests[static_cast<std::size_t>(other - 1)]);
      } else {
        requests.resize(1);
        MPI_Irecv(memory->data(), count, MPI_BYTE, ranks_[0], tag, handle_->group_comm, requests.data());
      }
    }
    try {
      wait([&] {
        int all = 0;
        MPI_Testall(static_cast<int>(requests.size()), requests.data(), &all, MPI_STATUSES_IGNORE);
        return all != 0;
      });
    } catch (...) {
      (void)memory.release();
      throw;
    }
    if (rank_ != 0) std::copy(memory->begin(), memory->end(), bytes.begin());
  }

  void report_failure(PeerFailed::Cause cause, std::string const& reason) {
    auto* const notice = new FailureNotice;  // never freed: a message to a dead rank may never complete
    notice->cause = static_cast<int>(cause);
    reason.copy(notice->reason, longest_reason - 1);
    std::lock_guard const lock(mpi_mutex());
    for (int other = 0; other < size(); ++other) {
      if (other == rank_) continue;
      MPI_Request request = MPI_REQUEST_NULL;
      MPI_Isend(notice, sizeof(FailureNotice), MPI_BYTE, ranks_[static_cast<std::size_t>(other)],
                first_tag_ + static_cast<int>(failure_tag), handle_->group_comm, &request);
      if (request != MPI_REQUEST_NULL) MPI_Request_free(&request);
    }
  }

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return static_cast<int>(ranks_.size()); }
  [[nodiscard]] double timeout() const { return timeout_; }

 private:
  int next_tag() {
    tag_ = first_tag_ + static_cast<int>(std::exchange(sequence_, (sequence_ + 2) % all_reduce_tags));
    return tag_;
  }
  [[nodiscard]] Endpoints place(int tag) const { return {handle_->group_comm, ranks_, rank_, tag}; }

  bool advance() {
    bool all = true;
    for (std::size_t i = 0; i < sums_.size(); ++i) all = sums_[i]->advance(place(tags_[i])) && all;
    return all;
  }

  /// Polls `done` under the MPI mutex until it is true. Sleeps in between: the rank waited for may share this core.
  void wait(std::function<bool()> const& done) {
    constexpr auto shortest = std::chrono::microseconds(5), longest = std::chrono::microseconds(200);
    auto const begin = Clock::now();
    auto last_check = begin;
    auto pause = std::chrono::duration_cast<std::chrono::microseconds>(shortest);
    for (;;) {
      {
        std::lock_guard const lock(mpi_mutex());
        if (done()) return;
        auto const time = Clock::now();
        if (time - last_check > std::chrono::milliseconds(20)) {
          last_check = time;
          check_for_failure();
        }
        if (time - begin > std::chrono::duration<double>(timeout_))
          throw PeerTimeout("no message from rank " + names() +
                            " for train.comm_timeout = " + std::to_string(static_cast<long long>(timeout_)) + " s");
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, longest);
    }
  }

  void check_for_failure() {
    int here = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, first_tag_ + static_cast<int>(failure_tag), handle_->group_comm, &here, &status);
    if (!here) return;
    FailureNotice notice;
    MPI_Recv(&notice, sizeof notice, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, handle_->group_comm,
             MPI_STATUS_IGNORE);
    throw PeerFailed(status.MPI_SOURCE, static_cast<PeerFailed::Cause>(notice.cause), notice.reason);
  }

  [[nodiscard]] std::string names() const {
    std::string text;
    for (auto const rank : ranks_)
      if (rank != handle_->rank) text += (text.empty() ? "" : " or ") + std::to_string(rank);
    return text;
  }

  std::shared_ptr<Communicator::Handle> handle_;
  std::vector<int> ranks_;
  double timeout_;
  int rank_ = 0, first_tag_ = 0, tag_ = 0;
  std::int64_t sequence_ = 0;
  std::deque<std::unique_ptr<AllReduce<float>>> sums_;
  std::deque<int> tags_;
};

Group::Group() = default;
Group::Group(Communicator const& world, std::vector<int> ranks, std::int64_t number, double timeout) {
  if (ranks.size() > 1) state_ = std::make_unique<State>(world.handle_, std::move(ranks), number, timeout);
}
Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;
Group::~Group() = default;

int Group::rank() const noexcept { return state_ ? state_->rank() : 0; }
int Group::size() const noexcept { return state_ ? state_->size() : 1; }
double Group::timeout() const noexcept { return state_ ? state_->timeout() : std::numeric_limits<double>::infinity(); }
void Group::begin_all_reduce(std::span<float> values) {
  if (state_) state_->begin(values);
}
void Group::progress() {
  if (state_) state_->progress();
}
void Group::wait_all() {
  if (state_) state_->wait_all();
}
void Group::all_reduce(std::span<double> values) {
  if (state_) state_->all_reduce(values);
}
void Group::broadcast(std::span<std::byte> bytes) {
  if (state_) state_->broadcast(bytes);
}
void Group::report_failure(PeerFailed::Cause cause, std::string const& reason) noexcept {
  try {
    if (state_) state_->report_failure(cause, reason);
  } catch (...) {  // the others will time out
  }
}

}  // namespace mambasynth::parallel
