#pragma once

#include <string>

namespace mambasynth::store::pt {

/// Python's name of a pickle opcode, for messages: "STACK_GLOBAL (0x93)".
std::string opcode_name(unsigned char opcode);

}  // namespace mambasynth::store::pt
