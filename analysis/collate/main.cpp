#include <fmt/format.h>

#include <csignal>
#include <exception>

#include "analysis/collate/run.hpp"

int main(int argc, char** argv) {
  using namespace mambasynth;
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone is an error code of the write, see collate::print
  try {
    return static_cast<int>(collate::run(argc, argv));
  } catch (errors::Error const& error) {
    fmt::print(stderr, "{}\n", error.what());
    return static_cast<int>(error.code());
  } catch (std::exception const& error) {
    fmt::print(stderr, "mambasynth-collate stopped ({}). This is a defect: please report it with the command.\n", error.what());
    return static_cast<int>(errors::ExitCode::defect);
  }
}
