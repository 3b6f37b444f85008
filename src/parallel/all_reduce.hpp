#pragma once

#include <mpi.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "parallel/group.hpp"

namespace mambasynth::parallel {

/// The participants of one reduction.
struct Endpoints {
  MPI_Comm comm;
  std::vector<int> const& ranks;  ///< of the group, as ranks of comm
  int rank;                       ///< this process's, in the group
  int tag;                        ///< the reduction uses this tag and the next
};

/// One all-reduce (sum) in progress, as a reduce-scatter followed by an all-gather. Each rank owns a slice: it receives
/// that slice from every rank, adds in rank order, and sends the result to every rank. Each element thus crosses the
/// network 2 (size - 1) / size times per rank, in two rounds. The buffers are owned, because they must outlive messages
/// that never arrive.
template <class T>
class AllReduce {
 public:
  AllReduce(Endpoints const& place, std::span<T> values) : to_(values), mine_(values.begin(), values.end()) {
    auto const size = static_cast<int>(place.ranks.size());
    auto const own = part(place.rank, size);
    parts_.resize(static_cast<std::size_t>(size));
    for (int other = 0; other < size; ++other) {
      if (other == place.rank) continue;
      auto& theirs = parts_[static_cast<std::size_t>(other)];
      theirs.resize(static_cast<std::size_t>(own.last - own.first));
      receive(place, other, place.tag, theirs);
      auto const part_of_other = part(other, size);
      send(place, other, place.tag,
           std::span(mine_).subspan(static_cast<std::size_t>(part_of_other.first),
                                    static_cast<std::size_t>(part_of_other.last - part_of_other.first)));
    }
  }

  /// Starts the next round once the previous one has arrived. Returns true when the sums are in place.
  bool advance(Endpoints const& place) {
    if (done_) return true;
    if (!arrived()) return false;
    auto const size = static_cast<int>(place.ranks.size());
    if (!added_) {
      added_ = true;
      add(place.rank, size);
      for (int other = 0; other < size; ++other) {
        if (other == place.rank) continue;
        auto const own = part(place.rank, size);
        auto const theirs = part(other, size);
        parts_[static_cast<std::size_t>(other)].resize(static_cast<std::size_t>(theirs.last - theirs.first));
        receive(place, other, place.tag + 1, parts_[static_cast<std::size_t>(other)]);
        send(place, other, place.tag + 1,
             std::span(mine_).subspan(static_cast<std::size_t>(own.first),
                                      static_cast<std::size_t>(own.last - own.first)));
      }
      if (!arrived()) return false;
    }
    for (int other = 0; other < size; ++other)
      if (other != place.rank)
        std::copy(parts_[static_cast<std::size_t>(other)].begin(), parts_[static_cast<std::size_t>(other)].end(),
                  mine_.begin() + part(other, size).first);
    std::copy(mine_.begin(), mine_.end(), to_.begin());
    return done_ = true;
  }

 private:
  static MPI_Datatype type() { return sizeof(T) == sizeof(double) ? MPI_DOUBLE : MPI_FLOAT; }
  [[nodiscard]] Slice part(int rank, int size) const {
    return slice_of(static_cast<std::int64_t>(mine_.size()), rank, size);
  }

  void add(int rank, int size) {
    auto const own = part(rank, size);
    std::vector<T> total(static_cast<std::size_t>(own.last - own.first));
    for (int other = 0; other < size; ++other) {
      auto const* from = other == rank ? mine_.data() + own.first : parts_[static_cast<std::size_t>(other)].data();
      if (other == 0) std::copy_n(from, total.size(), total.begin());
      else
        for (std::size_t i = 0; i < total.size(); ++i) total[i] += from[i];
    }
    std::copy(total.begin(), total.end(), mine_.begin() + own.first);
  }
  void receive(Endpoints const& place, int other, int tag, std::vector<T>& to) {
    requests_.push_back(MPI_REQUEST_NULL);
    MPI_Irecv(to.data(), static_cast<int>(to.size()), type(), place.ranks[static_cast<std::size_t>(other)], tag,
              place.comm, &requests_.back());
  }
  void send(Endpoints const& place, int other, int tag, std::span<T const> from) {
    requests_.push_back(MPI_REQUEST_NULL);
    MPI_Isend(from.data(), static_cast<int>(from.size()), type(), place.ranks[static_cast<std::size_t>(other)], tag,
              place.comm, &requests_.back());
  }
  bool arrived() {
    int all = 0;
    MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &all, MPI_STATUSES_IGNORE);
    if (all) requests_.clear();
    return all != 0;
  }

  std::span<T> to_;
  std::vector<T> mine_;
  std::vector<std::vector<T>> parts_;
  std::vector<MPI_Request> requests_;
  bool added_ = false, done_ = false;
};

}  // namespace mambasynth::parallel
