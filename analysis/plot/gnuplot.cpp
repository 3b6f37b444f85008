#include "analysis/plot/gnuplot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <system_error>

#include "analysis/plot/png_resolution.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "streams/streams.hpp"

namespace mambasynth::analysis::plot {
namespace {

struct SpawnActions {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  SpawnActions() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnActions(SpawnActions const&) = delete;
  SpawnActions& operator=(SpawnActions const&) = delete;
  ~SpawnActions() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
};

/// This process's environment without what changes how gnuplot reads or draws: its own variables and the user's locale.
std::vector<std::string> gnuplot_environment() {
  constexpr std::array<std::string_view, 9> left_out{"GNUPLOT", "GNUTERM=", "GNUHELP=",  "GNUFITLOG=", "FIT_",
                                                     "LC_",     "LANG=",    "LANGUAGE=", "PNG_"};
  std::vector<std::string> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    std::string_view const text(*variable);
    if (std::none_of(left_out.begin(), left_out.end(), [&](auto start) { return text.starts_with(start); }))
      kept.emplace_back(text);
  }
  kept.emplace_back("LC_ALL=C");
  return kept;
}

std::string content_of(std::FILE* file) {
  std::string text;
  std::array<char, 4096> buffer{};
  std::rewind(file);
  while (auto const count = std::fread(buffer.data(), 1, buffer.size(), file)) text.append(buffer.data(), count);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

constexpr int not_found = 127;

/// Runs gnuplot in `folder`; returns not_found if it is not installed. `complaint` is what it printed.
int run_gnuplot(std::filesystem::path const& folder, std::string settings, std::string script, std::string& complaint) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> const output(std::tmpfile(), &std::fclose);
  if (!output)
    throw errors::machine("a figure cannot be drawn", errors::system_reason(errno),
                          "Make room in the temporary folder");
  SpawnActions spawn;
  posix_spawn_file_actions_addchdir_np(&spawn.actions, folder.c_str());
  posix_spawn_file_actions_addopen(&spawn.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&spawn.actions, fileno(output.get()), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&spawn.actions, fileno(output.get()), STDERR_FILENO);

  // gnuplot must not inherit that this program ignores these signals (streams.hpp).
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGXFSZ);
  posix_spawnattr_setsigdefault(&spawn.attributes, &defaults);
  posix_spawnattr_setflags(&spawn.attributes, POSIX_SPAWN_SETSIGDEF);

  std::string program = "gnuplot", no_startup_files = "-d", flag = "-e";
  std::array<char*, 6> arguments{program.data(),  no_startup_files.data(), flag.data(),
                                 settings.data(), script.data(),           nullptr};
  auto kept = gnuplot_environment();
  std::vector<char*> variables;
  for (auto& variable : kept) variables.push_back(variable.data());
  variables.push_back(nullptr);
  pid_t child = 0;
  int const failure =
      posix_spawnp(&child, program.c_str(), &spawn.actions, &spawn.attributes, arguments.data(), variables.data());
  if (failure == ENOENT || failure == EACCES) return not_found;
  if (failure != 0)
    throw errors::machine("gnuplot cannot be started", errors::system_reason(failure),
                          "Try again, or draw without figures");
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  complaint = content_of(output.get());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void rewrite(std::filesystem::path const& path, std::string const& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (!file)
    throw errors::machine(fmt::format("{} cannot be written", path.string()), errors::system_reason(errno),
                          "Make room, or choose another folder");
}

/// cairo writes the time into every PDF, and the same figure would differ each time that it is drawn. Where cairo
/// compresses the entry (from 1.18 on), it stays.
void remove_creation_date(std::filesystem::path const& pdf) {
  constexpr std::string_view start = "/CreationDate (D:";
  constexpr std::string_view digits = "0123456789";
  auto bytes = store::read_text(pdf);
  auto at = bytes.find(start);
  if (at == std::string::npos) return;
  constexpr std::string_view epoch = "19700101000000";
  at += start.size();
  if (bytes.find_first_not_of(digits, at) != at + epoch.size()) return;
  bytes.replace(at, epoch.size(), epoch);
  rewrite(pdf, bytes);
}

void add_resolution(std::filesystem::path const& png) { rewrite(png, with_resolution(store::read_text(png), png_dpi)); }

/// Once for each folder, however many figures it gets.
void note_gnuplot_missing(std::filesystem::path const& folder) {
  static std::mutex mutex;
  static std::set<std::filesystem::path> noted;
  std::lock_guard const lock(mutex);
  if (noted.insert(folder).second)
    streams::log(
        "figures were not drawn (gnuplot is not installed). Their scripts and data are in {}; install gnuplot and run "
        "'gnuplot -d NAME.gp' there.\n",
        (folder / numbers_folder).string());
}

}  // namespace

Figure::Figure(std::string name, Size size) : name_(std::move(name)), size_(size) {}

std::string Figure::add_data(std::string const& part, std::string content) {
  data_.emplace_back(data_name(part), std::move(content));
  return data_.back().first;
}

std::string Figure::data_name(std::string const& part) const { return fmt::format("{}_{}.dat", name_, part); }

namespace {

/// With which every script begins.
std::string first_words(std::string const& name) { return fmt::format("# Draws {}.svg", name); }

}  // namespace

std::string Figure::script() const {
  return fmt::format(
      "{3}, {0}.png and {0}.pdf in the folder above: gnuplot -d {4}/{0}.gp\n"
      "if (!exists(\"ARG0\")) ARG0 = \"\"\n"
      "slash = 0\n"
      "do for [i = 1:strlen(ARG0)] {{ if (ARG0[i:i] eq \"/\") {{ slash = i }} }}\n"
      "if (slash > 0) {{ cd ARG0[1:slash] }}\n"
      "set encoding utf8\n"
      "set locale \"C\"\n"
      "set decimalsign\n"
      "{1}"
      "{2}"
      "unset output\n"
      "}}\n",
      name_, terminal_commands(name_, size_), commands_, first_words(name_), numbers_folder);
}

void Figure::remove_older_files(std::filesystem::path const& folder) const {
  auto const older = folder / (name_ + ".gp");
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(older, ignored) ||
      !store::read_text(older, first_words(name_).size()).starts_with(first_words(name_)))
    return;
  for (auto const& [name, content] : data_) std::filesystem::remove(folder / name, ignored);
  std::filesystem::remove(older, ignored);
}

std::vector<std::filesystem::path> Figure::draw(std::filesystem::path const& folder) const {
  std::vector<std::filesystem::path> files;
  auto const write = [&](std::string const& name, std::string const& content) {
    files.push_back(std::filesystem::path(numbers_folder) / name);
    store::write_atomically(folder / files.back(), content);
  };
  for (auto const& [name, content] : data_) write(name, content);
  auto const script_name = name_ + ".gp";
  write(script_name, script());
  remove_older_files(folder);

  store::AtomicFile svg(folder / (name_ + ".svg"));
  store::AtomicFile png(folder / (name_ + ".png"));
  store::AtomicFile pdf(folder / (name_ + ".pdf"));
  auto const settings =
      fmt::format("svg_file='../{}'; png_file='../{}'; pdf_file='../{}'", svg.temporary().filename().string(),
                  png.temporary().filename().string(), pdf.temporary().filename().string());
  std::string complaint;
  auto const numbers = folder / numbers_folder;
  int const status = run_gnuplot(numbers, settings, script_name, complaint);
  if (status == not_found) {
    note_gnuplot_missing(folder);
    return files;
  }
  if (status != 0)
    throw errors::machine(fmt::format("gnuplot could not draw {}", (folder / name_).string()),
                          complaint.empty() ? fmt::format("it ended with status {}", status) : complaint,
                          fmt::format("Run 'gnuplot -d {}' in {} to see more", script_name, numbers.string()));
  svg.commit();
  add_resolution(png.temporary());
  png.commit();
  remove_creation_date(pdf.temporary());
  pdf.commit();
  for (auto const* kind : {".svg", ".png", ".pdf"}) files.emplace_back(name_ + kind);
  return files;
}

}  // namespace mambasynth::analysis::plot
