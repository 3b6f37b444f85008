#pragma once

namespace mambasynth::commands {

/// The names of the stages that several verbs show.
inline constexpr char const *series_stage = "series", *statistics_stage = "statistics", *umap_stage = "UMAP",
                            *figures_stage = "figures";

}  // namespace mambasynth::commands
