# Writes OUT, a header with the files STYLE and SCRIPT as strings, and their SHA-256 for a content security policy.
foreach(file STYLE SCRIPT)
  file(READ "${${file}}" ${file}_text)
  file(SHA256 "${${file}}" ${file}_hash)
endforeach()
file(WRITE "${OUT}" "#pragma once
namespace mambasynth::analysis::report::assets {
inline constexpr char const* style_sha256 = \"${STYLE_hash}\";
inline constexpr char const* script_sha256 = \"${SCRIPT_hash}\";
inline constexpr char const* style = R\"asset(" "${STYLE_text}" ")asset\";
inline constexpr char const* script = R\"asset(" "${SCRIPT_text}" ")asset\";
}
")
