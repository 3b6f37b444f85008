#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

/// All output to stdout and stderr goes through here. A failure to write to stderr never stops the work: a log on a
/// full disk loses lines and nothing else. A failure to write results to stdout is an error, reported once, at the end.
namespace mambasynth::streams {

/// Call first in main, before any file is opened. If a standard stream is closed, the next file opened would get its
/// descriptor and receive our messages, so closed standard streams are opened on /dev/null. A pipe without a reader and
/// a file at its size limit make write() fail instead of raising a signal.
void prepare();

/// Writes to stdout, buffered unless it is a terminal. After the first failure nothing more is written.
void print_text(std::string_view text);
template <class... Values>
void print(fmt::format_string<Values...> format, Values&&... values) {
  print_text(fmt::format(format, std::forward<Values>(values)...));
}
/// Whether everything printed so far has been written.
bool flush();

/// Writes to stderr immediately, each line in one write() so that lines of several ranks do not interleave. Failures
/// are ignored. Once a stop is requested, a reader that has stalled is no longer waited for.
void log_text(std::string_view text);
template <class... Values>
void log(fmt::format_string<Values...> format, Values&&... values) {
  log_text(fmt::format(format, std::forward<Values>(values)...));
}

/// Flushes stdout and returns the program's exit code: `code`, or 1 with a message in place of 0 if stdout could not be
/// written. A reader that closed the pipe (`| head`) is not an error.
int finish(int code);

}  // namespace mambasynth::streams
