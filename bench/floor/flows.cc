#include "flows.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "batch.h"
#include "netns.h"
#include "scenario.h"

namespace bench {
namespace {

constexpr char kUsage[] =
    "usage: floor flows --client-ns PATH --server-ns PATH --destination A.B.C.D --port P --count N [--warmup W]\n";

struct Options {
  std::string clientNetns, serverNetns;
  in_addr destination;
  uint16_t port;
  size_t count, warmup;
};

size_t number(const std::string& text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) throw std::invalid_argument(text + " is not a number");
  return value;
}

Options parse(int count, char** arguments) {
  if (count % 2 || count == 0) throw std::invalid_argument(kUsage);
  std::map<std::string, std::string> given{{"--warmup", "100"}};
  for (int i = 0; i + 1 < count; i += 2) given[arguments[i]] = arguments[i + 1];
  Options options{.clientNetns = given["--client-ns"],
                  .serverNetns = given["--server-ns"],
                  .destination = {},
                  .port = static_cast<uint16_t>(number(given["--port"])),
                  .count = number(given["--count"]),
                  .warmup = number(given["--warmup"])};
  if (options.count == 0 || options.port == 0 ||
      inet_pton(AF_INET, given["--destination"].c_str(), &options.destination) != 1) {
    throw std::invalid_argument(kUsage);
  }
  return options;
}

Fd udpSocket() {
  Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 2, .tv_usec = 0};
  if (fd.get() < 0 || setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0) failed("socket");
  return fd;
}

sockaddr_in endpoint(in_addr address, uint16_t port) {
  sockaddr_in endpoint{};
  endpoint.sin_family = AF_INET;
  endpoint.sin_addr = address;
  endpoint.sin_port = htons(port);
  return endpoint;
}

void echo(const Fd& server) {
  char byte;
  sockaddr_in from{};
  socklen_t size = sizeof(from);
  auto* peer = reinterpret_cast<sockaddr*>(&from);
  if (recvfrom(server.get(), &byte, 1, 0, peer, &size) < 0) failed("the datagram did not reach the server");
  if (sendto(server.get(), &byte, 1, 0, peer, size) < 0) failed("echo");
}

// One thread plays both: veth devices hand a datagram on within send(2), so that it is with the server when that
// returns, and no time goes by in waking anyone.
uint64_t roundTrip(const Fd& server, const sockaddr_in& destination) {
  const Fd client = udpSocket();
  // Takes a port of its own: to the router, a new flow.
  if (connect(client.get(), reinterpret_cast<const sockaddr*>(&destination), sizeof(destination)) < 0)
    failed("connect");
  char byte = 0;
  return timed([&] {
    if (send(client.get(), &byte, 1, 0) < 0) failed("send");
    echo(server);
    if (recv(client.get(), &byte, 1, 0) < 0) failed("the echo did not reach the client");
  });
}

std::vector<uint64_t> measure(const Options& options) {
  enter(openNetns(options.serverNetns));
  const Fd server = udpSocket();
  const auto local = endpoint({INADDR_ANY}, options.port);
  if (bind(server.get(), reinterpret_cast<const sockaddr*>(&local), sizeof(local)) < 0) failed("bind");
  enter(openNetns(options.clientNetns));
  const auto destination = endpoint(options.destination, options.port);
  for (size_t i = 0; i < options.warmup; ++i) roundTrip(server, destination);
  std::vector<uint64_t> times;
  for (size_t i = 0; i < options.count; ++i) times.push_back(roundTrip(server, destination));
  return times;
}

}  // namespace

int flows(int count, char** arguments) {
  try {
    auto times = measure(parse(count, arguments));
    std::sort(times.begin(), times.end());
    const auto us = [](uint64_t ns) { return static_cast<double>(ns) / 1000; };
    std::printf("{\"value\":%.2f,\"unit\":\"us\",\"min\":%.2f,\"max\":%.2f}\n", us(times[times.size() / 2]),
                us(times.front()), us(times.back()));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "floor flows: %s\n", error.what());
    return 1;
  }
}

}  // namespace bench
