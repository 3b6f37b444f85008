#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

/// All output to stdout and stderr goes through here. A failure to write to stderr never stops the work: a log on a
/// full disk only loses lines. A failure to write results to stdout is an error, reported once, at the end.
namespace mambasynth::streams {

/// Call first in main, before any file is opened. If a standard stream is closed, the next file opened would get its
/// descriptor and receive our messages, so closed standard streams are opened on /dev/null. Also makes write() fail,
/// instead of raising a signal, on a pipe without a reader and on a file at its size limit.
void prepare();

/// Writes to stdout, buffered unless it is a terminal. After the first failure, nothing more is written.
void print_text(std::string_view text);
template <class... Values>
void print(fmt::format_string<Values...> format, Values&&... values) {
  print_text(fmt::format(format, std::forward<Values>(values)...));
}
/// Whether everything printed so far has been written.
bool flush();

/// Writes to stderr immediately, each line in one write() so that lines of several ranks do not interleave. Failures
/// are ignored. After a stop request, it no longer waits for a stalled reader.
void log_text(std::string_view text);
template <class... Values>
void log(fmt::format_string<Values...> format, Values&&... values) {
  log_text(fmt::format(format, std::forward<Values>(values)...));
}

/// Seconds since the last log_text(), or since the first call of this function.
[[nodiscard]] double seconds_since_log();

/// For a terminal on stderr only: shows this line below all other output, in place of the line before; an empty text
/// erases it. Other output erases it first. Never waits: what the terminal does not accept now is not shown.
void show_status(std::string_view text);

/// Flushes stdout and returns the program's exit code: `code`, or 1 with a message in place of 0 if stdout could not be
/// written. A reader that closed the pipe (`| head`) is not an error.
int finish(int code);

}  // namespace mambasynth::streams
