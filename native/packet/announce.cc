#include "packet/announce.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace netloom {
namespace {

constexpr size_t kFrameBytes = 86;  // of a neighbour advertisement with its link-layer option; ARP takes 42
constexpr size_t kFramesAtOnce = 256;

using Frame = std::array<uint8_t, kFrameBytes>;

// Writes bytes one after the other into a frame.
class FrameWriter {
 public:
  explicit FrameWriter(Frame& frame) : at_(frame.data()) {}
  FrameWriter& bytes(Bytes bytes) {
    at_ = std::copy(bytes.begin(), bytes.end(), at_);
    return *this;
  }
  FrameWriter& fill(size_t count, uint8_t value) {
    at_ = std::fill_n(at_, count, value);
    return *this;
  }
  FrameWriter& u8(uint8_t value) { return fill(1, value); }
  FrameWriter& u16(uint16_t value) { return u8(value >> 8).u8(value & 0xff); }
  uint8_t* position() { return at_; }

 private:
  uint8_t* at_;
};

size_t arpFrame(Frame& frame, Bytes mac, Bytes address) {
  FrameWriter out(frame);
  out.fill(6, 0xff).bytes(mac).u16(ETH_P_ARP);
  // Ethernet, IPv4, lengths, a request; sender and target are the same address.
  out.u16(1).u16(ETH_P_IP).u8(6).u8(4).u16(1);
  out.bytes(mac).bytes(address.first(4)).fill(6, 0).bytes(address.first(4));
  return out.position() - frame.data();
}

size_t advertisementFrame(Frame& frame, Bytes mac, Bytes address, bool router) {
  static constexpr std::array<uint8_t, 6> allNodesMac{0x33, 0x33, 0, 0, 0, 1};
  static constexpr std::array<uint8_t, 16> allNodes{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr uint16_t length = 32;
  constexpr uint8_t icmpv6 = 58;
  FrameWriter out(frame);
  out.bytes(allNodesMac).bytes(mac).u16(ETH_P_IPV6);
  out.u8(0x60).fill(3, 0).u16(length).u8(icmpv6).u8(255).bytes(address).bytes(allNodes);
  uint8_t* icmp = out.position();
  // Type, code, checksum; flags: override, and router where it is one; target, its link-layer address.
  out.u8(136).u8(0).u16(0).u8(router ? 0xa0 : 0x20).fill(3, 0).bytes(address).u8(2).u8(1).bytes(mac);
  uint32_t sum = length + icmpv6;
  auto add = [&sum](Bytes bytes) {
    for (size_t at = 0; at + 1 < bytes.size(); at += 2) sum += (bytes[at] << 8) | bytes[at + 1];
  };
  add(address);
  add(allNodes);
  add({icmp, length});
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  const uint16_t checksum = ~sum;
  icmp[2] = checksum >> 8;
  icmp[3] = checksum & 0xff;
  return out.position() - frame.data();
}

}  // namespace

Outcome openAnnouncer(int fd, Fd& out) {
  if (auto outcome = enterNamespace(fd); !outcome) return outcome;
  out.reset(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  return out ? Outcome{} : Outcome::failed("socket(AF_PACKET)");
}

Outcome sendAnnouncements(int socket, Bytes rows) {
  std::vector<Frame> frames(std::min(rows.size() / kAnnouncementSize, kFramesAtOnce));
  std::vector<iovec> vectors(frames.size());
  std::vector<sockaddr_ll> targets(frames.size());
  std::vector<mmsghdr> messages(frames.size());
  for (size_t left = rows.size() / kAnnouncementSize; left > 0;) {
    const size_t count = std::min(left, kFramesAtOnce);
    for (size_t i = 0; i < count; ++i) {
      const auto row = rows.subspan(i * kAnnouncementSize, kAnnouncementSize);
      const auto mac = row.subspan(4, 6);
      const auto address = row.subspan(12, 16);
      uint32_t index;
      std::memcpy(&index, row.data(), sizeof(index));
      const bool v4 = row[10] == 4;
      const size_t size = v4 ? arpFrame(frames[i], mac, address) : advertisementFrame(frames[i], mac, address, row[11]);
      vectors[i] = {frames[i].data(), size};
      targets[i] = {};
      targets[i].sll_family = AF_PACKET;
      targets[i].sll_protocol = htons(v4 ? ETH_P_ARP : ETH_P_IPV6);
      targets[i].sll_ifindex = static_cast<int>(index);
      messages[i] = {};
      messages[i].msg_hdr.msg_name = &targets[i];
      messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_ll);
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (size_t sent = 0; sent < count;) {
      const int done = sendmmsg(socket, messages.data() + sent, count - sent, 0);
      if (done > 0) {
        sent += done;
      } else if (errno == ENOBUFS) {
        poll(nullptr, 0, 1);  // the device's queue is full: let it drain
      } else if (errno != EINTR) {
        return Outcome::failed("sendmmsg");
      }
    }
    rows = rows.subspan(count * kAnnouncementSize);
    left -= count;
  }
  return {};
}

}  // namespace netloom
