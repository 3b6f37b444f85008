#include "parallel/session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

#include "environment/ended_launch.hpp"
#include "environment/launcher.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "parallel/binding.hpp"
#include "parallel/communicator_handle.hpp"
#include "parallel/group.hpp"
#include "streams/streams.hpp"

namespace mambasynth::parallel {
namespace {

enum Failure : int { none, own, told };  ///< told: another rank's error
struct Ending {
  int code = 0;
  int failed = none;
  bool unanswered = false;
  std::string message;
};

Ending ending_of(std::function<int()> const& body) {
  try {
    return {body(), none, false, {}};
  } catch (Unanswered const& error) {
    return {static_cast<int>(error.code()), own, true, error.what()};
  } catch (errors::Error const& error) {
    return {static_cast<int>(error.code()), own, false, error.what()};
  } catch (GivenUp const& error) {
    return {1, told, false, std::string(error.what()) + ". Correct what that rank says."};
  } catch (errors::Stopped const&) {
    return {static_cast<int>(errors::ExitCode::stopped), own, false,
            errors::Stopped::error(errors::stop_signal()).what()};
  } catch (std::exception const& error) {
    auto const told = errors::unforeseen(error);
    return {static_cast<int>(told.code()), own, false, told.what()};
  } catch (...) {
    return {1, own, false,
            "mambasynth stopped (something was thrown that is no exception). Please report this with the command that "
            "led here."};
  }
}

void tell(Communicator const& world, std::string message) {
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
  environment::leave_ended_launch();
  environment::mend_temporary_folder();
  leave_default_binding();
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
  MPI_Comm copy = MPI_COMM_NULL;
  MPI_Comm_dup(MPI_COMM_WORLD, &copy);
  world_ = Communicator(std::make_shared<Communicator::Handle>(copy));
  if (provided < MPI_THREAD_SERIALIZED) {
    world_.reset();
    MPI_Finalize();
    throw errors::machine("this MPI library cannot be called from a second thread",
                          "it offers less than MPI_THREAD_SERIALIZED: " + library_version(),
                          "Build with an MPI library that has thread support");
  }
}

Session::~Session() {
  if (std::uncaught_exceptions() > exceptions_) MPI_Abort(MPI_COMM_WORLD, 1);
  world_.reset();
  MPI_Finalize();
}

int Session::run(std::function<int()> const& body, double grace_seconds) {
  using Clock = std::chrono::steady_clock;
  auto const ending = ending_of(body);
  // Other ranks may still save: who does not wait for them in order takes the whole job down.
  if (world_->size() > 1) leaving_.emplace();
  if (alone_) {
    if (ending.failed && !silent_) tell(*world_, ending.message);
    auto const code = streams::finish(ending.code);
    if (abort_after_) {
      std::this_thread::sleep_for(std::chrono::duration<double>(*abort_after_));
      MPI_Abort(MPI_COMM_WORLD, code);
    }
    std::_Exit(code);
  }
  auto const size = static_cast<std::size_t>(world_->size());
  std::array<int, 2> const mine{ending.code, ending.failed};
  std::vector<int> all(2 * size);
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallgather(mine.data(), 2, MPI_INT, all.data(), 2, MPI_INT, world_->handle_->comm, &request);
  // A rank that did not answer before will not come here; those that do need no long wait.
  auto const deadline =
      Clock::now() + std::chrono::duration<double>(ending.unanswered ? std::min(1.0, grace_seconds) : grace_seconds);
  for (;;) {
    int arrived = 0;
    MPI_Test(&request, &arrived, MPI_STATUS_IGNORE);
    if (arrived) break;
    if (ending.failed && Clock::now() > deadline) {
      tell(*world_, ending.message);
      MPI_Abort(MPI_COMM_WORLD, ending.code);
    }
    // A waiting MPI call spins; the core belongs to a rank that still works.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (int const kind : {own, told})
    for (std::size_t rank = 0; rank < size; ++rank) {
      if (all[2 * rank + 1] != kind) continue;
      if (static_cast<int>(rank) == world_->rank()) tell(*world_, ending.message);
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
