#include "store/archive/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <new>
#include <stdexcept>

namespace mambasynth::store {
namespace {

void require(int succeeded) {
  if (succeeded != 1) throw std::runtime_error("libcrypto does not provide SHA-256");
}

}  // namespace

struct Sha256::State {
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};

  void start() {
    if (!context) throw std::bad_alloc();
    require(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr));
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->start(); }
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(std::span<std::byte const> bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest{};
  require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr));
  state_->start();
  std::string text;
  for (auto const byte : digest)
    for (int const digit : {byte >> 4, byte & 0xf}) text += "0123456789abcdef"[digit];
  return text;
}

std::string sha256_hex(std::span<std::byte const> bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

std::string sha256_hex(std::string_view text) { return sha256_hex(std::as_bytes(std::span(text))); }

}  // namespace mambasynth::store
