#pragma once

#include <string>

#include "doctor/facts.hpp"
#include "doctor/finding.hpp"

namespace mambasynth::doctor {

/// Two tables (ranks, hosts) and the findings, the worst first.
std::string to_text(Facts const& facts, Findings const& findings);
/// The same as one JSON object.
std::string to_json_text(Facts const& facts, Findings const& findings);

}  // namespace mambasynth::doctor
