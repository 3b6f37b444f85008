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

#include "parallel/communicator_handle.hpp"
#include "parallel/sum.hpp"

namespace mambasynth::parallel {
namespace {

using Clock = std::chrono::steady_clock;

// Each group has so many tags of its own before the next group's begin; more operations are never under way at once.
constexpr std::int64_t tags_a_group = 256;
constexpr std::int64_t tags_for_sums = tags_a_group - 2;
constexpr std::int64_t tag_of_sharing = tags_a_group - 2, tag_of_giving_up = tags_a_group - 1;
constexpr std::size_t longest_reason = 512;

/// As it travels when a rank gives up.
struct Farewell {
  int why = 0;
  char reason[longest_reason] = {};
};

}  // namespace

GivenUp::GivenUp(int world_rank, Why why, std::string const& reason)
    : why_(why), text_("rank " + std::to_string(world_rank) + ", which trains this trial, too, gave up: " + reason) {}

Unanswered::Unanswered(std::string const& why)
    : Error(errors::ExitCode::defect, "a rank that trains this trial, too, does not answer", why,
            "Look at its node; the trial continues from its last save") {}

class Group::State {
 public:
  State(std::shared_ptr<Communicator::Handle> handle, std::vector<int> ranks, std::int64_t number, double timeout)
      : handle_(std::move(handle)), ranks_(std::move(ranks)), timeout_(timeout) {
    while (rank_ < size() && ranks_[static_cast<std::size_t>(rank_)] != handle_->rank) ++rank_;
    if (rank_ == size()) throw std::logic_error("a rank that is not in the group");
    auto const groups = std::max<std::int64_t>(1, handle_->largest_tag / tags_a_group);
    first_tag_ = static_cast<int>(number % groups * tags_a_group);
  }
  State(State const&) = delete;
  State& operator=(State const&) = delete;
  ~State() {
    if (sums_.empty()) return;
    // What a rank sends that comes back to life must find its memory: these few megabytes stay with the process.
    for (auto& sum : sums_) (void)sum.release();
  }

  void begin(std::span<float> values) {
    std::lock_guard const turn(mpi_turn());
    sums_.push_back(std::make_unique<Sum<float>>(place(next_tag()), values));
    tags_.push_back(tag_);
  }

  void progress() {
    std::lock_guard const turn(mpi_turn());
    (void)advance();
  }

  void finish() {
    wait([&] { return advance(); });
    sums_.clear();
    tags_.clear();
  }

  void sum(std::span<double> values) {
    auto const tag = next_tag();
    std::unique_ptr<Sum<double>> sum;
    {
      std::lock_guard const turn(mpi_turn());
      sum = std::make_unique<Sum<double>>(place(tag), values);
    }
    try {
      wait([&] { return sum->advance(place(tag)); });
    } catch (...) {
      (void)sum.release();
      throw;
    }
  }

  void share(std::span<std::byte> bytes) {
    auto memory = std::make_unique<std::vector<std::byte>>(bytes.begin(), bytes.end());
    std::vector<MPI_Request> requests;
    auto const count = static_cast<int>(memory->size());
    auto const tag = first_tag_ + static_cast<int>(tag_of_sharing);
    {
      std::lock_guard const turn(mpi_turn());
      if (rank_ == 0) {
        requests.resize(static_cast<std::size_t>(size() - 1));
        for (int other = 1; other < size(); ++other)
          MPI_Isend(memory->data(), count, MPI_BYTE, ranks_[static_cast<std::size_t>(other)], tag, handle_->among,
                    &requests[static_cast<std::size_t>(other - 1)]);
      } else {
        requests.resize(1);
        MPI_Irecv(memory->data(), count, MPI_BYTE, ranks_[0], tag, handle_->among, requests.data());
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

  void give_up(GivenUp::Why why, std::string const& reason) {
    auto* const farewell = new Farewell;  // never freed: the messages may lie with a dead rank for ever
    farewell->why = static_cast<int>(why);
    reason.copy(farewell->reason, longest_reason - 1);
    std::lock_guard const turn(mpi_turn());
    for (int other = 0; other < size(); ++other) {
      if (other == rank_) continue;
      MPI_Request request = MPI_REQUEST_NULL;
      MPI_Isend(farewell, sizeof(Farewell), MPI_BYTE, ranks_[static_cast<std::size_t>(other)],
                first_tag_ + static_cast<int>(tag_of_giving_up), handle_->among, &request);
      if (request != MPI_REQUEST_NULL) MPI_Request_free(&request);
    }
  }

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return static_cast<int>(ranks_.size()); }
  [[nodiscard]] double timeout() const { return timeout_; }

 private:
  int next_tag() {
    tag_ = first_tag_ + static_cast<int>(std::exchange(sequence_, (sequence_ + 2) % tags_for_sums));
    return tag_;
  }
  [[nodiscard]] SumPlace place(int tag) const { return {handle_->among, ranks_, rank_, tag}; }

  bool advance() {
    bool all = true;
    for (std::size_t i = 0; i < sums_.size(); ++i) all = sums_[i]->advance(place(tags_[i])) && all;
    return all;
  }

  /// Asks `done`, holding MPI, until it says so. Others on this core may be what is waited for.
  void wait(std::function<bool()> const& done) {
    constexpr auto shortest = std::chrono::microseconds(5), longest = std::chrono::microseconds(200);
    auto const begin = Clock::now();
    auto looked = begin;
    auto pause = std::chrono::duration_cast<std::chrono::microseconds>(shortest);
    for (;;) {
      {
        std::lock_guard const turn(mpi_turn());
        if (done()) return;
        auto const time = Clock::now();
        if (time - looked > std::chrono::milliseconds(20)) {
          looked = time;
          look_for_farewell();
        }
        if (time - begin > std::chrono::duration<double>(timeout_))
          throw Unanswered("nothing came from one of the ranks " + names() + " for " +
                           std::to_string(static_cast<long long>(timeout_)) + " s (train.comm_timeout)");
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, longest);
    }
  }

  void look_for_farewell() {
    int here = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, first_tag_ + static_cast<int>(tag_of_giving_up), handle_->among, &here, &status);
    if (!here) return;
    Farewell farewell;
    MPI_Recv(&farewell, sizeof farewell, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, handle_->among,
             MPI_STATUS_IGNORE);
    throw GivenUp(status.MPI_SOURCE, static_cast<GivenUp::Why>(farewell.why), farewell.reason);
  }

  [[nodiscard]] std::string names() const {
    std::string text;
    for (auto const rank : ranks_)
      if (rank != handle_->rank) text += (text.empty() ? "" : ", ") + std::to_string(rank);
    return text;
  }

  std::shared_ptr<Communicator::Handle> handle_;
  std::vector<int> ranks_;
  double timeout_;
  int rank_ = 0, first_tag_ = 0, tag_ = 0;
  std::int64_t sequence_ = 0;
  std::deque<std::unique_ptr<Sum<float>>> sums_;
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
void Group::begin_sum(std::span<float> values) {
  if (state_) state_->begin(values);
}
void Group::progress() {
  if (state_) state_->progress();
}
void Group::finish() {
  if (state_) state_->finish();
}
void Group::sum(std::span<double> values) {
  if (state_) state_->sum(values);
}
void Group::share(std::span<std::byte> bytes) {
  if (state_) state_->share(bytes);
}
void Group::give_up(GivenUp::Why why, std::string const& reason) noexcept {
  try {
    if (state_) state_->give_up(why, reason);
  } catch (...) {  // they wait for their timeout
  }
}

}  // namespace mambasynth::parallel
