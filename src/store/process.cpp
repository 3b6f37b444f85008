#include "store/process.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace mambasynth::store {
namespace {

std::string link_target(char const* link) {
  std::error_code failed;
  auto const target = std::filesystem::read_symlink(link, failed);
  return failed ? std::string{} : target.string();
}

/// From /proc/PID/stat: fields 3 and 22. `state` is 0 if the file does not exist.
struct ProcessEntry {
  char state = 0;
  std::int64_t start = 0;
};

ProcessEntry entry_of(std::int64_t pid) {
  // A /proc mounted outside this PID namespace shows other processes under these numbers.
  if (link_target("/proc/self") != std::to_string(::getpid())) return {};
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string const text{std::istreambuf_iterator<char>(file), {}};
  auto const name_end = text.rfind(')');  // the name before it may hold spaces
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  ProcessEntry entry;
  rest >> entry.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) rest >> skipped;
  rest >> entry.start;
  return entry;
}

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

}  // namespace

Process this_process() {
  Process self;
  std::array<char, HOST_NAME_MAX + 1> name{};
  ::gethostname(name.data(), name.size() - 1);
  self.host = name.data();
  self.pid = ::getpid();
  self.process_start = entry_of(self.pid).start;
  self.boot_id = boot_id();
  self.pid_namespace = link_target("/proc/self/ns/pid");
  self.time_namespace = link_target("/proc/self/ns/time");
  return self;
}

bool shares_process_ids(Process const& other, Process const& self) {
  return !self.boot_id.empty() && !self.pid_namespace.empty() && other.boot_id == self.boot_id &&
         other.pid_namespace == self.pid_namespace;
}

bool is_running(Process const& other) {
  if (other.pid <= 0 || other.pid > INT_MAX) return false;
  if (::kill(static_cast<pid_t>(other.pid), 0) != 0 && errno == ESRCH) return false;
  auto const entry = entry_of(other.pid);
  if (entry.state == 'Z' || entry.state == 'X') return false;  // dead but not yet reaped by its parent
  bool const comparable =
      entry.start != 0 && other.process_start != 0 && other.time_namespace == link_target("/proc/self/ns/time");
  return !comparable || entry.start == other.process_start;
}

}  // namespace mambasynth::store
