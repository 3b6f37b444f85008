#include "commands/leave.hpp"
#include "commands/program.hpp"

int main(int argc, char** argv) { mambasynth::commands::leave(mambasynth::commands::run_program(argc, argv)); }
