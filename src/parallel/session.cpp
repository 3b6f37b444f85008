#include "parallel/session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

#include "environment/launcher.hpp"
#include "environment/stale_launch.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "parallel/binding.hpp"
#include "parallel/communicator_handle.hpp"
#include "parallel/group.hpp"
#include "streams/streams.hpp"

namespace mambasynth::parallel {
namespace {

enum Failure : int { none, own, peer };  ///< peer: caused by another rank
struct Outcome {
  int code = 0;
  int failed = none;
  bool peer_timeout = false;
  std::string message;
};

Outcome outcome_of(std::function<int()> const& body) {
  try {
    return {body(), none, false, {}};
  } catch (PeerTimeout const& error) {
    return {static_cast<int>(error.code()), own, true, error.what()};
  } catch (errors::Error const& error) {
    return {static_cast<int>(error.code()), own, false, error.what()};
  } catch (PeerFailed const& error) {
    return {1, peer, false, std::string(error.what()) + ". See the message of that rank."};
  } catch (errors::Stopped const&) {
    return {static_cast<int>(errors::ExitCode::stopped), own, false,
            errors::Stopped::error(errors::stop_signal()).what()};
  } catch (std::exception const& error) {
    auto const reported = errors::unforeseen(error);
    return {static_cast<int>(reported.code()), own, false, reported.what()};
  } catch (...) {
    return {1, own, false, "mambasynth stopped (unknown exception). Please report this, including the command line."};
  }
}

void log_from_rank(Communicator const& world, std::string message) {
  if (world.rank() != 0) {
    std::array<char, MPI_MAX_PROCESSOR_NAME> host{};
    int length = 0;
    MPI_Get_processor_name(host.data(), &length);
    message += " [rank " + std::to_string(world.rank()) + " on " + host.data() + "]";
  }
  streams::log("{}\n", message);
}

}  // namespace

Session::Session() : exceptions_(std::uncaught_exceptions()) {
  environment::clear_stale_launch();
  environment::fix_temporary_folder();
  undo_default_binding();
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
  MPI_Comm copy = MPI_COMM_NULL;
  MPI_Comm_dup(MPI_COMM_WORLD, &copy);
  world_ = Communicator(std::make_shared<Communicator::Handle>(copy));
  if (provided < MPI_THREAD_SERIALIZED) {
    world_.reset();
    MPI_Finalize();
    throw errors::machine("this MPI library cannot be called from a second thread",
                          "it provides less than MPI_THREAD_SERIALIZED: " + library_version(),
                          "Build with an MPI library that supports threads");
  }
}

Session::~Session() {
  if (std::uncaught_exceptions() > exceptions_) MPI_Abort(MPI_COMM_WORLD, 1);
  world_.reset();
  MPI_Finalize();
}

int Session::run(std::function<int()> const& body, double grace_seconds) {
  using Clock = std::chrono::steady_clock;
  auto const outcome = outcome_of(body);
  // Other ranks may still be saving: exiting without waiting for them would take the whole job down.
  if (world_->size() > 1) graceful_stop_.emplace();
  if (skip_finalize_) {
    if (outcome.failed && !quiet_) log_from_rank(*world_, outcome.message);
    auto const code = streams::finish(outcome.code);
    if (abort_after_) {
      std::this_thread::sleep_for(std::chrono::duration<double>(*abort_after_));
      MPI_Abort(MPI_COMM_WORLD, code);
    }
    std::_Exit(code);
  }
  auto const size = static_cast<std::size_t>(world_->size());
  std::array<int, 2> const mine{outcome.code, outcome.failed};
  std::vector<int> all(2 * size);
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallgather(mine.data(), 2, MPI_INT, all.data(), 2, MPI_INT, world_->handle_->comm, &request);
  // The rank that does not respond will not get here, so waiting long for it is pointless.
  auto const deadline =
      Clock::now() + std::chrono::duration<double>(outcome.peer_timeout ? std::min(1.0, grace_seconds) : grace_seconds);
  for (;;) {
    int arrived = 0;
    MPI_Test(&request, &arrived, MPI_STATUS_IGNORE);
    if (arrived) break;
    if (outcome.failed && Clock::now() > deadline) {
      log_from_rank(*world_, outcome.message);
      MPI_Abort(MPI_COMM_WORLD, outcome.code);
    }
    // A blocking MPI call spins; leave the core to a rank that is still working.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (int const kind : {own, peer})
    for (std::size_t rank = 0; rank < size; ++rank) {
      if (all[2 * rank + 1] != kind) continue;
      if (static_cast<int>(rank) == world_->rank()) log_from_rank(*world_, outcome.message);
      return all[2 * rank];
    }
  int code = 0;
  for (std::size_t rank = 0; rank < size; ++rank) code = std::max(code, all[2 * rank]);
  return code;
}

std::string library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  std::string version(text.data(), static_cast<std::size_t>(length));
  if (auto const end = version.find('\0'); end != std::string::npos) version.resize(end);
  return version;
}

std::string thread_level() {
  int level = MPI_THREAD_SINGLE;
  MPI_Query_thread(&level);
  switch (level) {
    case MPI_THREAD_MULTIPLE:
      return "MPI_THREAD_MULTIPLE";
    case MPI_THREAD_SERIALIZED:
      return "MPI_THREAD_SERIALIZED";
    case MPI_THREAD_FUNNELED:
      return "MPI_THREAD_FUNNELED";
    default:
      return "MPI_THREAD_SINGLE";
  }
}

}  // namespace mambasynth::parallel
