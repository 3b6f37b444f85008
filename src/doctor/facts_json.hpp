#pragma once

#include <nlohmann/json.hpp>

#include "doctor/facts.hpp"

/// Facts as JSON, the same for messages between ranks and for --json.
namespace mambasynth::doctor {

void to_json(nlohmann::ordered_json& json, RankFacts const& facts);
void from_json(nlohmann::ordered_json const& json, RankFacts& facts);
void to_json(nlohmann::ordered_json& json, Attempt const& attempt);
void from_json(nlohmann::ordered_json const& json, Attempt& attempt);
void to_json(nlohmann::ordered_json& json, FolderFacts const& facts);

}  // namespace mambasynth::doctor
