#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

/// The only way to stdout and stderr. What people read on stderr must not decide what becomes of the work: a log on a
/// full disk loses lines and nothing else. Results on stdout that reach nobody are an error, told once, at the end.
namespace mambasynth::streams {

/// First in main, before anything is opened. A standard stream that is closed would lend its number to the next file,
/// into which messages would then be written: the three are opened on /dev/null. A pipe without a reader and a file at
/// its size limit become errors of the write instead of signals.
void prepare();

/// To stdout, by way of a buffer unless it is a terminal. From the first failure on nothing more is written.
void put(std::string_view text);
template <class... Values>
void print(fmt::format_string<Values...> format, Values&&... values) {
  put(fmt::format(format, std::forward<Values>(values)...));
}
/// Whether all that was put has been written.
bool flush();

/// To stderr at once, a line as one write: lines of several ranks do not mix. Failures are ignored, and so is a reader
/// that has stalled once a stop was requested.
void tell_text(std::string_view text);
template <class... Values>
void tell(fmt::format_string<Values...> format, Values&&... values) {
  tell_text(fmt::format(format, std::forward<Values>(values)...));
}

/// Flushes stdout; the program's exit code: `code`, or 1 instead of 0, with a message, where stdout could not be
/// written. A reader that has gone (`| head`) wants no more, which is no error.
int finish(int code);

}  // namespace mambasynth::streams
