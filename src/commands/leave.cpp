#include "commands/leave.hpp"

#include <cstdlib>

#include "streams/streams.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace mambasynth::commands {

void leave(int code) {
  code = streams::finish(code);
#if defined(__SANITIZE_ADDRESS__)
  __lsan_do_leak_check();  // otherwise done at exit
#endif
  std::_Exit(code);
}

}  // namespace mambasynth::commands
