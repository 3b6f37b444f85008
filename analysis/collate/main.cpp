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
    auto const told = errors::unforeseen(error);
    streams::tell("{}
", told.what());
    return streams::finish(static_cast<int>(told.code()));
  }
}
