#include "sweep/ledger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "errors/errors.hpp"

namespace mambasynth::sweep {
namespace {

errors::Error ledger_error(std::string const& what, std::filesystem::path const& file) {
  return errors::machine("cannot " + what + " the ledger " + file.string(), errors::system_reason(errno),
                         "Free space or choose another --out; the same command then continues");
}

std::string content_of(std::filesystem::path const& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  return std::move(content).str();
}

}  // namespace

std::vector<Event> read_ledger(std::filesystem::path const& file) {
  std::vector<Event> events;
  auto const content = content_of(file);
  std::size_t start = 0;
  for (auto end = content.find('\n'); end != std::string::npos; end = content.find('\n', start)) {
    if (auto event = from_line(std::string_view(content).substr(start, end - start)))
      events.push_back(std::move(*event));
    start = end + 1;
  }
  return events;
}

Ledger::Ledger(std::filesystem::path file) : file_(std::move(file)) {
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw ledger_error("open", file_);
  // A previous writer died while writing the last line; remove the fragment so that the next line starts cleanly.
  auto const content = content_of(file_);
  auto const last_end = content.rfind('\n');
  auto const whole = last_end == std::string::npos ? 0 : last_end + 1;
  if (whole < content.size() && ::ftruncate(descriptor_, static_cast<off_t>(whole)) != 0) {
    auto const error = ledger_error("repair", file_);
    ::close(descriptor_);
    throw error;
  }
}

Ledger::~Ledger() {
  if (dirty_) ::fsync(descriptor_);
  ::close(descriptor_);
}

void Ledger::append(Event event) {
  if (event.time == 0) event.time = now();
  auto const line = to_line(event) + "\n";
  std::size_t written = 0;
  while (written < line.size()) {
    auto const count = ::write(descriptor_, line.data() + written, line.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw ledger_error("append to", file_);
    written += static_cast<std::size_t>(count);
  }
  dirty_ = true;
}

void Ledger::sync(std::chrono::milliseconds interval) {
  auto const time = std::chrono::steady_clock::now();
  if (!dirty_ || time - synced_ < interval) return;
  if (::fsync(descriptor_) != 0) throw ledger_error("flush", file_);
  dirty_ = false;
  synced_ = time;
}

}  // namespace mambasynth::sweep
