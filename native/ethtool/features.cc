#include "ethtool/features.h"

#include <errno.h>
#include <fnmatch.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>

namespace netloom {
namespace {

// A device, asked by ioctl on a socket of its namespace.
class Device {
 public:
  Outcome open(unsigned index, const std::string& name) {
    socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket_) return Outcome::failed("socket");
    if (index == 0) {
      strncpy(request_.ifr_name, name.c_str(), IFNAMSIZ - 1);
      return {};
    }
    request_.ifr_ifindex = static_cast<int>(index);
    if (ioctl(socket_.get(), SIOCGIFNAME, &request_) < 0) return Outcome::failed("ioctl(SIOCGIFNAME)");
    return {};
  }

  Outcome call(const char* name, void* command) {
    request_.ifr_data = static_cast<char*>(command);
    if (ioctl(socket_.get(), SIOCETHTOOL, &request_) < 0) return Outcome::failed(name);
    return {};
  }

 private:
  Fd socket_;
  ifreq request_{};
};

// A command's struct with `count` elements behind it, zeroed.
template <typename Command, typename Element>
class Trailing {
 public:
  Trailing(uint32_t number, size_t count)
      : words_((sizeof(Command) + count * sizeof(Element) + sizeof(uint64_t) - 1) / sizeof(uint64_t)) {
    head()->cmd = number;
  }
  Command* head() { return reinterpret_cast<Command*>(words_.data()); }
  Element* at(size_t index) {
    return reinterpret_cast<Element*>(reinterpret_cast<char*>(words_.data()) + sizeof(Command)) + index;
  }

 private:
  std::vector<uint64_t> words_;
};

using Name = char[ETH_GSTRING_LEN];

Outcome readNames(Device& device, std::vector<std::string>& names) {
  Trailing<ethtool_sset_info, uint32_t> sizes(ETHTOOL_GSSET_INFO, 1);
  sizes.head()->sset_mask = 1ull << ETH_SS_FEATURES;
  if (auto outcome = device.call("ioctl(ETHTOOL_GSSET_INFO)", sizes.head()); !outcome) return outcome;
  const uint32_t count = sizes.head()->sset_mask ? *sizes.at(0) : 0;
  Trailing<ethtool_gstrings, Name> strings(ETHTOOL_GSTRINGS, count);
  strings.head()->string_set = ETH_SS_FEATURES;
  strings.head()->len = count;
  if (auto outcome = device.call("ioctl(ETHTOOL_GSTRINGS)", strings.head()); !outcome) return outcome;
  for (uint32_t i = 0; i < count; ++i) names.emplace_back(*strings.at(i), strnlen(*strings.at(i), ETH_GSTRING_LEN));
  return {};
}

Outcome readFeatures(Device& device, const std::vector<std::string>& names, std::vector<Feature>& out) {
  const uint32_t blocks = (names.size() + 31) / 32;
  Trailing<ethtool_gfeatures, ethtool_get_features_block> state(ETHTOOL_GFEATURES, blocks);
  state.head()->size = blocks;
  if (auto outcome = device.call("ioctl(ETHTOOL_GFEATURES)", state.head()); !outcome) return outcome;
  out.clear();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto& block = *state.at(i / 32);
    const uint32_t bit = 1u << (i % 32);
    out.push_back({.name = names[i],
                   .active = (block.active & bit) != 0,
                   .requested = (block.requested & bit) != 0,
                   .fixed = (block.available & bit) == 0 || (block.never_changed & bit) != 0});
  }
  return {};
}

Outcome change(Device& device, const std::vector<Feature>& features, const std::vector<FeatureChange>& changes) {
  const uint32_t blocks = (features.size() + 31) / 32;
  Trailing<ethtool_sfeatures, ethtool_set_features_block> wanted(ETHTOOL_SFEATURES, blocks);
  wanted.head()->size = blocks;
  bool any = false;
  for (const auto& [pattern, on] : changes) {
    bool matched = false, asAsked = true, changeable = false;
    for (size_t i = 0; i < features.size(); ++i) {
      const auto& feature = features[i];
      // Bits that the kernel keeps to itself have no name.
      if (feature.name.empty() || fnmatch(pattern.c_str(), feature.name.c_str(), 0) != 0) continue;
      matched = true;
      if (feature.active != on) asAsked = false;
      if (feature.fixed) continue;
      changeable = true;
      const uint32_t bit = 1u << (i % 32);
      auto& block = *wanted.at(i / 32);
      block.valid |= bit;
      block.requested = on ? block.requested | bit : block.requested & ~bit;
    }
    if (!matched || (!changeable && !asAsked)) {
      return {.error = EOPNOTSUPP, .syscall = "ioctl(ETHTOOL_SFEATURES)", .path = pattern};
    }
    any = any || changeable;
  }
  return any ? device.call("ioctl(ETHTOOL_SFEATURES)", wanted.head()) : Outcome{};
}

}  // namespace

Outcome deviceFeatures(int fd, unsigned index, const std::string& name, const std::vector<FeatureChange>& changes,
                       std::vector<Feature>& out) {
  if (auto outcome = enterNamespace(fd); !outcome) return outcome;
  Device device;
  if (auto outcome = device.open(index, name); !outcome) return outcome;
  std::vector<std::string> names;
  if (auto outcome = readNames(device, names); !outcome) return outcome;
  if (auto outcome = readFeatures(device, names, out); !outcome) return outcome;
  if (changes.empty()) return {};
  if (auto outcome = change(device, out, changes); !outcome) return outcome;
  return readFeatures(device, names, out);
}

}  // namespace netloom
