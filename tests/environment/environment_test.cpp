#include "environment/environment.hpp"

#include <catch2/catch_test_macros.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "environment/launcher.hpp"
#include "environment/stale_launch.hpp"

using namespace mambasynth::environment;

TEST_CASE("an integer must span the whole text and lie in its range") {
  struct Case {
    char const* text;
    std::optional<std::int64_t> number;
  };
  for (auto const& [text, number] : std::vector<Case>{{"0", 0},
                                                      {"7", 7},
                                                      {" 7\n", 7},
                                                      {"100", 100},
                                                      {"101", std::nullopt},
                                                      {"-1", std::nullopt},
                                                      {"", std::nullopt},
                                                      {" ", std::nullopt},
                                                      {"7x", std::nullopt},
                                                      {"x7", std::nullopt},
                                                      {"7 8", std::nullopt},
                                                      {"1e1", std::nullopt},
                                                      {"0x7", std::nullopt},
                                                      {"7.0", std::nullopt},
                                                      {"nan", std::nullopt},
                                                      {"inf", std::nullopt},
                                                      {"Unknown", std::nullopt},
                                                      {"99999999999999999999", std::nullopt}}) {
    INFO(text);
    CHECK(parse_integer(text, 0, 100) == number);
  }
}

TEST_CASE("a refused connection is distinguished from an invalid address") {
  int const listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  auto const uri = "12.0;tcp4://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  CHECK(!connection_refused(uri));
  ::close(listener);
  CHECK(connection_refused(uri));
  for (auto const* odd : {"", "12.0", "12.0;tcp4://127.0.0.1", "12.0;tcp4://:", "12.0;tcp4://127.0.0.1:",
                          "12.0;tcp4://no.such.host:9", "12.0;tcp4://127.0.0.1:garbage", "://"}) {
    INFO(odd);
    CHECK(!connection_refused(odd));
  }
}

TEST_CASE("no ancestor process is found under a name that none has") {
  constexpr std::string_view nobody[]{"no such launcher"};
  CHECK(process_above(nobody) == 0);
}
