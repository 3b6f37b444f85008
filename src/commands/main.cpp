#include "commands/fast_exit.hpp"
#include "commands/memory.hpp"
#include "commands/program.hpp"
#include "streams/streams.hpp"

int main(int argc, char** argv) {
  mambasynth::commands::keep_freed_memory();
  mambasynth::streams::prepare();
  mambasynth::commands::fast_exit(mambasynth::commands::run_program(argc, argv));
}
