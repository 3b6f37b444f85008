#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "doctor/folder.hpp"
#include "errors/errors.hpp"

namespace mambasynth::doctor {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

Attempt wait_for_text(Order const& order, int rank, double timeout) {
  auto const begin = Clock::now();
  Attempt attempt{.rank = rank, .problem = {}, .seconds = 0, .won = {}};
  do {
    errno = 0;
    std::ifstream file(order.path);
    auto const reason = errno;
    std::string const text{std::istreambuf_iterator<char>(file), {}};
    attempt.seconds = since(begin);
    if (text == order.text) {
      attempt.problem.clear();
      return attempt;
    }
    attempt.problem = file.is_open() ? "its contents are different" : errors::system_reason(reason);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  } while (since(begin) < timeout);
  return attempt;
}

/// What sweep::Lock does: each rank creates its own file exclusively and tries to link it to a shared name; only one
/// rank can succeed.
Attempt link_names(Order const& order, int rank) {
  Attempt attempt{.rank = rank, .problem = {}, .seconds = 0, .won = {}};
  auto const own = order.path + "/rank." + std::to_string(rank);
  int const file = ::open(own.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0) {
    attempt.problem = errors::system_reason(errno);
    return attempt;
  }
  for (int round = 0; round < order.rounds && attempt.problem.empty(); ++round) {
    struct stat before{}, after{};
    ::fstat(file, &before);
    auto const name = order.path + "/round." + std::to_string(round);
    int const reason = ::link(own.c_str(), name.c_str()) == 0 ? 0 : errno;
    // The NFS server may have created the link but lost the reply; the link count tells.
    bool const linked = reason == 0 || (::fstat(file, &after) == 0 && after.st_nlink > before.st_nlink);
    if (linked) attempt.won.push_back(round);
    else if (reason != EEXIST) attempt.problem = errors::system_reason(reason);
  }
  ::close(file);
  return attempt;
}

}  // namespace

// Strings as arrays of bytes: JSON text must be UTF-8, which a path need not be.
std::string to_text(Order const& order) {
  auto const bytes = [](std::string const& text) { return std::vector<unsigned char>(text.begin(), text.end()); };
  return nlohmann::json{{"kind", static_cast<int>(order.kind)},
                        {"path", bytes(order.path)},
                        {"text", bytes(order.text)},
                        {"rounds", order.rounds}}
      .dump();
}

Order order_from(std::string const& text) {
  auto const json = nlohmann::json::parse(text);
  auto const string = [&](char const* key) {
    auto const bytes = json.at(key).get<std::vector<unsigned char>>();
    return std::string(bytes.begin(), bytes.end());
  };
  return {static_cast<Order::Kind>(json.at("kind").get<int>()), string("path"), string("text"), json.at("rounds")};
}

Attempt execute(Order const& order, int rank, double timeout) {
  switch (order.kind) {
    case Order::Kind::read:
      return wait_for_text(order, rank, timeout);
    case Order::Kind::link:
      return link_names(order, rank);
    case Order::Kind::clock:
    case Order::Kind::end:
      break;
  }
  auto const now = std::chrono::system_clock::now().time_since_epoch();
  return {.rank = rank, .problem = {}, .seconds = std::chrono::duration<double>(now).count(), .won = {}};
}

}  // namespace mambasynth::doctor
