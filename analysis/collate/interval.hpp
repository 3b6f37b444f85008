#pragma once

#include "analysis/statistics/interval_choice.hpp"

namespace mambasynth::analysis::collate {

using statistics::Interval;
using statistics::interval_of;

}  // namespace mambasynth::analysis::collate
