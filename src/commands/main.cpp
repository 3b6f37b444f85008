#include "commands/leave.hpp"
#include "commands/program.hpp"
#include "streams/streams.hpp"

int main(int argc, char** argv) {
  mambasynth::streams::prepare();
  mambasynth::commands::leave(mambasynth::commands::run_program(argc, argv));
}
