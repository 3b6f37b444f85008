#include <cstdio>

#include "fuzz/targets.hpp"

/// write_seeds FOLDER: the first inputs of the fuzzers.
int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: write_seeds FOLDER\n", stderr);
    return 2;
  }
  mambasynth::tests::fuzz::write_seeds(arguments[1]);
  for (auto const& target : mambasynth::tests::fuzz::targets()) std::puts(std::string(target.name).c_str());
}
