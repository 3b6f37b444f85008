#include "store/temporaries.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "store/process.hpp"

namespace mambasynth::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view mark = ".mambasynth-";
constexpr std::string_view suffix = ".tmp";
constexpr std::time_t abandoned_after = 7 * 24 * 3600;

struct Registry {
  std::mutex mutex;
  std::set<fs::path> files, cleaned;
};
Registry& registry() {
  static auto* const one = new Registry;  // never destroyed: the process may end in another thread
  return *one;
}

/// Identifies, in 16 digits, the processes among which ids are unique (see shares_process_ids), or the host if that is
/// unknown.
std::string place_of(Process const& process) {
  bool const known = shares_process_ids(process, process);
  auto const text = known ? process.boot_id + process.pid_namespace + process.time_namespace : process.host;
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (unsigned char const c : text) hash = (hash ^ c) * 0x100000001b3;
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%c%016llx", known ? 'p' : 'h', static_cast<unsigned long long>(hash));
  return digits.data();
}

struct Writer {
  std::string place;
  long long pid = 0, start = 0;
};

bool is_temporary(std::string_view name) { return name.starts_with('.') && name.ends_with(suffix); }

std::optional<Writer> writer_of(std::string const& name) {
  auto const at = name.rfind(mark);
  if (!is_temporary(name) || at == std::string::npos) return std::nullopt;
  Writer writer;
  writer.place = name.substr(at + mark.size(), 17);
  unsigned counter = 0;
  int used = 0;
  auto const rest = at + mark.size() + writer.place.size();
  if (std::sscanf(name.c_str() + rest, "-%lld-%lld-%u.tmp%n", &writer.pid, &writer.start, &counter, &used) != 3 ||
      rest + static_cast<std::size_t>(used) != name.size())
    return std::nullopt;
  return writer;
}

/// The form that earlier versions wrote: `.NAME.HOST.PID.COUNTER.tmp`.
bool is_old_temporary(std::string_view name) {
  if (!is_temporary(name)) return false;
  name.remove_suffix(suffix.size());
  for (int numbers = 0; numbers < 2; ++numbers) {
    auto const dot = name.rfind('.');
    auto const number = dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
    if (number.empty() || !std::all_of(number.begin(), number.end(), [](unsigned char c) { return std::isdigit(c); }))
      return false;
    name = name.substr(0, dot);
  }
  return name.size() > 1;
}

/// The current time of the file system that holds a writable folder.
std::optional<std::time_t> time_in(fs::path const& folder) {
  auto const probe = temporary_name(folder / "time");
  int const descriptor = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return std::nullopt;
  struct stat seen{};
  bool const known = ::fstat(descriptor, &seen) == 0;
  ::close(descriptor);
  ::unlink(probe.c_str());
  return known ? std::optional(seen.st_mtime) : std::nullopt;
}

void remove_where(fs::path const& folder, std::function<bool(fs::path const&)> const& condition) {
  std::error_code failed;
  std::set<fs::path> found;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    auto const name = entry->path().filename().string();
    std::error_code ignored;
    if ((writer_of(name) || is_old_temporary(name)) && entry->symlink_status(ignored).type() == fs::file_type::regular)
      found.insert(entry->path());
  }
  for (auto const& file : found)
    if (condition(file)) ::unlink(file.c_str());
}

}  // namespace

fs::path temporary_name(fs::path const& target) {
  static std::atomic<unsigned> counter{0};
  static auto const self = this_process();
  static auto const place = place_of(self);
  // Names have at most 255 bytes on common file systems, so the target's part is truncated. A forked child is another
  // writer.
  auto const name = target.filename().string().substr(0, 160);
  return target.parent_path() / ("." + name + std::string(mark) + place + "-" + std::to_string(::getpid()) + "-" +
                                 std::to_string(::getpid() == self.pid ? self.process_start : 0) + "-" +
                                 std::to_string(counter++) + std::string(suffix));
}

void register_temporary(fs::path const& file) {
  std::lock_guard const guard(registry().mutex);
  registry().files.insert(file);
}

void forget_temporary(fs::path const& file) {
  std::lock_guard const guard(registry().mutex);
  registry().files.erase(file);
}

void remove_own_temporaries() {
  registry().mutex.lock();
  for (auto const& file : registry().files) ::unlink(file.c_str());
}

void remove_temporaries_of_dead_writers(fs::path const& folder) {
  auto const place = folder.empty() ? fs::path(".") : folder;
  {
    std::lock_guard const guard(registry().mutex);
    std::error_code ignored;
    if (!registry().cleaned.insert(fs::weakly_canonical(place, ignored)).second) return;
  }
  static auto const self = place_of(this_process());
  std::optional<std::optional<std::time_t>> now;
  remove_where(place, [&](fs::path const& file) {
    auto const writer = writer_of(file.filename().string());
    if (writer && writer->place == self && self.starts_with('p')) {
      Process process = this_process();
      process.pid = writer->pid;
      process.process_start = writer->start;
      return !is_running(process);
    }
    struct stat seen{};
    if (::stat(file.c_str(), &seen) != 0) return false;
    if (!now) now = time_in(place);
    return *now && **now - seen.st_mtime > abandoned_after;
  });
}

void remove_all_temporaries(fs::path const& folder) {
  remove_where(folder, [](fs::path const&) { return true; });
}

}  // namespace mambasynth::store
