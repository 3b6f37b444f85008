#include "commands/fast_exit.hpp"
#include "commands/program.hpp"
#include "environment/freed_memory.hpp"
#include "streams/streams.hpp"

int main(int argc, char** argv) {
  mambasynth::environment::keep_freed_memory();
  mambasynth::streams::prepare();
  mambasynth::commands::fast_exit(mambasynth::commands::run_program(argc, argv));
}
