#include "netlink/ack.h"

#include <linux/netlink.h>
#include <netlink/attr.h>

#include <cstring>

namespace netloom {
namespace {

constexpr int kMaxErrno = 4095;  // MAX_ERRNO: what the kernel takes for an error

// Where the attributes begin: behind the error's number, and the request, or its header alone (NLM_F_CAPPED).
size_t attributesAt(const nlmsghdr* header) {
  if (header->nlmsg_type == NLMSG_DONE) return sizeof(int);
  if (header->nlmsg_flags & NLM_F_CAPPED) return sizeof(nlmsgerr);
  nlmsgerr error;
  std::memcpy(&error, nlmsg_data(header), sizeof(error));
  return sizeof(int) + NLMSG_ALIGN(size_t{error.msg.nlmsg_len});
}

}  // namespace

Ack readAck(const nlmsghdr* header) {
  Ack ack;
  const auto total = static_cast<size_t>(nlmsg_datalen(header));
  if (total < sizeof(int)) return ack;
  int error;
  std::memcpy(&error, nlmsg_data(header), sizeof(error));
  if (error < 0 && error >= -kMaxErrno) ack.error = -error;
  if (!(header->nlmsg_flags & NLM_F_ACK_TLVS)) return ack;
  if (header->nlmsg_type == NLMSG_ERROR && total < sizeof(nlmsgerr)) return ack;
  const size_t at = attributesAt(header);
  if (at >= total) return ack;
  static const nla_policy policy[NLMSGERR_ATTR_MAX + 1] = {
      {}, {.type = NLA_STRING, .minlen = 0, .maxlen = 0}, {.type = NLA_U32, .minlen = 0, .maxlen = 0}};
  nlattr* table[NLMSGERR_ATTR_MAX + 1];
  auto* first = reinterpret_cast<nlattr*>(static_cast<uint8_t*>(nlmsg_data(header)) + at);
  if (nla_parse(table, NLMSGERR_ATTR_MAX, first, static_cast<int>(total - at), const_cast<nla_policy*>(policy)) < 0) {
    return ack;
  }
  if (const auto* text = table[NLMSGERR_ATTR_MSG]) {
    ack.message = {static_cast<const char*>(nla_data(text)), static_cast<size_t>(nla_len(text))};
    while (ack.message.ends_with('\0')) ack.message.remove_suffix(1);
  }
  if (table[NLMSGERR_ATTR_OFFS]) ack.offset = nla_get_u32(table[NLMSGERR_ATTR_OFFS]);
  return ack;
}

}  // namespace netloom
