#include "series/fingerprint.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <bit>

namespace mambasynth::series {

static_assert(std::endian::native == std::endian::little, "fingerprints are of little-endian values");

struct Fingerprint::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Fingerprint::Fingerprint() : context_(std::make_unique<Context>()) {
  EVP_DigestInit_ex(context_->digest.get(), EVP_sha256(), nullptr);
}
Fingerprint::~Fingerprint() = default;

void Fingerprint::add(std::span<float const> x) { EVP_DigestUpdate(context_->digest.get(), x.data(), x.size_bytes()); }

std::string Fingerprint::finish() {
  std::array<unsigned char, 32> bytes{};
  EVP_DigestFinal_ex(context_->digest.get(), bytes.data(), nullptr);
  std::string text;
  for (auto const byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace mambasynth::series
