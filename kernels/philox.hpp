#pragma once

#include <cstdint>

// Constants of Philox4x32-10: Salmon, Moraes, Dror & Shaw, SC11, table 2 and section 4.3.
namespace mambasynth::kernels {

inline constexpr int philox_rounds = 10;
inline constexpr std::uint32_t philox_multiplier_0 = 0xD2511F53, philox_multiplier_1 = 0xCD9E8D57;
inline constexpr std::uint32_t philox_weyl_0 = 0x9E3779B9, philox_weyl_1 = 0xBB67AE85;

}  // namespace mambasynth::kernels
