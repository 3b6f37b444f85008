#include "commands/program.hpp"

int main(int argc, char** argv) { return mambasynth::commands::run_program(argc, argv); }
