#include "nftables/rows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>

#include <string>

namespace netloom {
namespace {

// A list's length has 16 bits; the largest element (two 128-byte values and their headers) must still fit below it.
constexpr size_t kListBytes = UINT16_MAX - 512;

int putText(nl_msg* message, int attr, Bytes text) {
  return nla_put_string(message, attr, std::string(text.begin(), text.end()).c_str());
}

int putValue(nl_msg* message, int attr, const uint8_t* value, uint32_t size) {
  auto* nest = nla_nest_start(message, attr);
  if (!nest || nla_put(message, NFTA_DATA_VALUE, size, value) < 0) return -1;
  return nla_nest_end(message, nest);
}

}  // namespace

RowSource::RowSource(Bytes record) {
  RecordReader in(record);
  family_ = in.scalar<uint8_t>();
  table_ = in.block();
  set_ = in.block();
  setId_ = in.scalar<uint32_t>();
  keySize_ = in.scalar<uint32_t>();
  dataSize_ = in.scalar<uint32_t>();
  rows_ = in.rest();
  const bool sane =
      !in.failed() && keySize_ > 0 && keySize_ <= NFT_DATA_VALUE_MAXLEN && dataSize_ <= NFT_DATA_VALUE_MAXLEN;
  if (sane) count_ = rows_.size() / (keySize_ + dataSize_);
}

int RowSource::encode(nl_msg* message) {
  nfgenmsg header{.nfgen_family = family_, .version = NFNETLINK_V0, .res_id = 0};
  if (nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
      putText(message, NFTA_SET_ELEM_LIST_TABLE, table_) < 0 || putText(message, NFTA_SET_ELEM_LIST_SET, set_) < 0 ||
      (setId_ && nla_put_u32(message, NFTA_SET_ELEM_LIST_SET_ID, htonl(setId_)) < 0)) {
    return -EMSGSIZE;
  }
  auto* list = nla_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
  if (!list) return -EMSGSIZE;
  const size_t start = nlmsg_hdr(message)->nlmsg_len;
  for (; more() && nlmsg_hdr(message)->nlmsg_len - start < kListBytes; ++at_) {
    if (element(message, rows_.data() + size_t{at_} * (keySize_ + dataSize_)) < 0) return -EMSGSIZE;
  }
  nla_nest_end(message, list);
  return 0;
}

int RowSource::element(nl_msg* message, const uint8_t* row) {
  auto* nest = nla_nest_start(message, NFTA_LIST_ELEM);
  if (!nest || putValue(message, NFTA_SET_ELEM_KEY, row, keySize_) < 0 ||
      (dataSize_ && putValue(message, NFTA_SET_ELEM_DATA, row + keySize_, dataSize_) < 0)) {
    return -1;
  }
  return nla_nest_end(message, nest);
}

}  // namespace netloom
