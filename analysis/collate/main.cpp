#include <exception>

#include "analysis/collate/run.hpp"
#include "streams/streams.hpp"

int main(int argc, char** argv) {
  using namespace mambasynth;
  streams::prepare();
  try {
    return streams::finish(static_cast<int>(collate::run(argc, argv)));
  } catch (errors::Error const& error) {
    streams::tell("{}\n", error.what());
    return streams::finish(static_cast<int>(error.code()));
  } catch (std::exception const& error) {
    streams::tell("mambasynth-collate stopped ({}). This is a defect: please report it with the command.\n", error.what());
    return streams::finish(static_cast<int>(errors::ExitCode::defect));
  }
}
