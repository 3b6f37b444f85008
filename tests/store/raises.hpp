#pragma once

#include <catch2/catch_test_macros.hpp>

#include <string>

#include "errors/errors.hpp"

namespace mambasynth::tests {

/// Runs `action`, which must throw an Error with this code, and returns its message.
template <class Action>
std::string message_of(errors::ExitCode code, Action&& action) {
  try {
    action();
  } catch (errors::Error const& error) {
    CHECK(static_cast<int>(error.code()) == static_cast<int>(code));
    return error.what();
  }
  FAIL("no error was raised");
  return {};
}

}  // namespace mambasynth::tests
