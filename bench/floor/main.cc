// The floor: what the kernel takes for netloom's work when it is sent buffers that are ready, batched as netloom's are.
// bench/README.md has the protocol: one JSON object a line, in and out.
#include <signal.h>

#include <charconv>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "firewall.h"
#include "flows.h"
#include "scenario.h"

namespace bench {
namespace {

volatile sig_atomic_t stopping = 0;

// Requests are flat, and written by the harness alone: a key is found as it stands.
std::string field(const std::string& line, const std::string& key) {
  const auto found = line.find('"' + key + "\":");
  if (found == std::string::npos) return {};
  auto from = line.find_first_not_of(" \"", found + key.size() + 3);
  return line.substr(from, line.find_first_of("\",}", from) - from);
}

size_t number(const std::string& line, const std::string& key) {
  const auto text = field(line, key);
  size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out + '"';
}

std::string answer(const Scenarios& scenarios, const std::string& line) {
  const Request request{field(line, "scenario"), number(line, "size"), number(line, "batch")};
  const auto scenario = scenarios.find(request.scenario);
  if (scenario == scenarios.end()) return "{\"skip\":\"it has no floor\"}";
  try {
    const auto [nanoseconds, operations, sent] = scenario->second(request);
    std::string counts;
    if (sent) {
      counts = ",\"sent\":{\"datagrams\":" + std::to_string(sent->datagrams) +
               ",\"reads\":" + std::to_string(sent->reads) + ",\"changes\":" + std::to_string(sent->changes) + "}";
    }
    return "{\"ns\":" + std::to_string(nanoseconds) + ",\"operations\":" + std::to_string(operations) + counts + "}";
  } catch (const Skip& skip) {
    return "{\"skip\":" + quoted(skip.what()) + "}";
  } catch (const std::exception& error) {
    return "{\"error\":" + quoted(error.what()) + "}";
  }
}

int serve() {
  Scenarios scenarios;
  for (auto part : {fipScenarios, bulkScenarios, dumpScenarios, firewallScenarios, namespaceScenarios, routerScenarios,
                    nodeScenarios}) {
    scenarios.merge(part());
  }
  // Without SA_RESTART reading fails, and a run under way cleans up behind itself before the loop ends.
  struct sigaction stop {};
  stop.sa_handler = [](int) { stopping = 1; };
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &stop, nullptr);
  for (std::string line; !stopping && std::getline(std::cin, line);) {
    std::cout << answer(scenarios, line) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  if (count > 1 && arguments[1] == std::string_view("flows")) return bench::flows(count - 2, arguments + 2);
  if (count > 1 && arguments[1] == std::string_view("firewall")) return bench::firewall(count - 2, arguments + 2);
  return bench::serve();
}
