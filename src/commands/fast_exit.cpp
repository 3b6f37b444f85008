#include "commands/fast_exit.hpp"

#include <cstdlib>

#include "streams/streams.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace mambasynth::commands {

void fast_exit(int code) {
  code = streams::finish(code);
#if defined(__SANITIZE_ADDRESS__)
  __lsan_do_leak_check();  // skipped by _Exit
#endif
  std::_Exit(code);
}

}  // namespace mambasynth::commands
