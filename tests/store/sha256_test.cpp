#include "store/archive/sha256.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace mambasynth;

// Test vectors from the examples of FIPS 180-4.
TEST_CASE("SHA-256 gives the published values", "[archive][sha256]") {
  CHECK(store::sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(store::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a hasher accepts pieces and is empty after its result", "[archive][sha256]") {
  store::Sha256 hash;
  for (int i = 0; i < 1000; ++i) hash.add(std::string(1000, 'a'));
  CHECK(hash.hex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  hash.add("abc");
  CHECK(hash.hex() == store::sha256_hex("abc"));
}
