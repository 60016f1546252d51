#include "nftables/rows.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>  // ahead of linux/in.h, which gives way to it

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>

#include <algorithm>
#include <string>

namespace netloom {
namespace {

int putText(nl_msg* message, int attr, Bytes text) {
  return nla_put_string(message, attr, std::string(text.begin(), text.end()).c_str());
}

// An attribute with a value of so many zeros, and where that value is.
int putValue(nl_msg* message, int attr, uint32_t size, uint32_t& at) {
  static constexpr uint8_t zeros[NFT_DATA_VALUE_MAXLEN]{};
  auto* nest = nla_nest_start(message, attr);
  if (!nest || nla_put(message, NFTA_DATA_VALUE, size, zeros) < 0) return -1;
  at = nlmsg_datalen(nlmsg_hdr(message)) - NLA_ALIGN(size);
  return nla_nest_end(message, nest);
}

Bytes payloadOf(nl_msg* message) {
  auto* header = nlmsg_hdr(message);
  return {static_cast<const uint8_t*>(nlmsg_data(header)), static_cast<size_t>(nlmsg_datalen(header))};
}

Bytes valueOf(nlattr* nest) {
  nlattr* table[NFTA_DATA_MAX + 1];
  if (nla_parse_nested(table, NFTA_DATA_MAX, nest, nullptr) < 0 || !table[NFTA_DATA_VALUE]) return {};
  auto* value = table[NFTA_DATA_VALUE];
  return {static_cast<const uint8_t*>(nla_data(value)), static_cast<size_t>(nla_len(value))};
}

bool decodeCounter(nlattr* nest, RecordWriter& out) {
  nlattr* expression[NFTA_EXPR_MAX + 1];
  if (!nest || nla_parse_nested(expression, NFTA_EXPR_MAX, nest, nullptr) < 0) return false;
  auto* name = expression[NFTA_EXPR_NAME];
  if (!name || nla_strcmp(name, "counter") != 0 || !expression[NFTA_EXPR_DATA]) return false;
  nla_policy policy[NFTA_COUNTER_MAX + 1]{};
  policy[NFTA_COUNTER_PACKETS].type = NLA_U64;
  policy[NFTA_COUNTER_BYTES].type = NLA_U64;
  nlattr* counter[NFTA_COUNTER_MAX + 1];
  if (nla_parse_nested(counter, NFTA_COUNTER_MAX, expression[NFTA_EXPR_DATA], policy) < 0) return false;
  if (!counter[NFTA_COUNTER_PACKETS] || !counter[NFTA_COUNTER_BYTES]) return false;
  const uint64_t values[]{be64toh(nla_get_u64(counter[NFTA_COUNTER_PACKETS])),
                          be64toh(nla_get_u64(counter[NFTA_COUNTER_BYTES]))};
  std::memcpy(out.raw(sizeof(values)), values, sizeof(values));
  return true;
}

}  // namespace

RowSource::RowSource(Bytes record, const Columns& columns) : columns_(columns) {
  RecordReader in(record);
  family_ = in.scalar<uint8_t>();
  table_ = in.block();
  set_ = in.block();
  setId_ = in.scalar<uint32_t>();
  key_ = readCell(in);
  data_ = readCell(in);
  valid_ = !in.failed() && columns.valid() && columns.holds(key_) && key_.size > 0 &&
           key_.size <= NFT_DATA_VALUE_MAXLEN && data_.size <= NFT_DATA_VALUE_MAXLEN &&
           (data_.size == 0 || columns.holds(data_));
}

int RowSource::prepare(nl_msg* message, nl_msg* element) {
  nfgenmsg header{.nfgen_family = family_, .version = NFNETLINK_V0, .res_id = 0};
  if (nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
      putText(message, NFTA_SET_ELEM_LIST_TABLE, table_) < 0 || putText(message, NFTA_SET_ELEM_LIST_SET, set_) < 0 ||
      (setId_ && nla_put_u32(message, NFTA_SET_ELEM_LIST_SET_ID, htonl(setId_)) < 0)) {
    return -EMSGSIZE;
  }
  listAt_ = nlmsg_datalen(nlmsg_hdr(message));
  if (!nla_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS)) return -EMSGSIZE;
  prefix_ = payloadOf(message);

  auto* nest = nla_nest_start(element, NFTA_LIST_ELEM);
  if (!nest || putValue(element, NFTA_SET_ELEM_KEY, key_.size, keyAt_) < 0 ||
      (data_.size && putValue(element, NFTA_SET_ELEM_DATA, data_.size, dataAt_) < 0) ||
      nla_nest_end(element, nest) < 0) {
    return -EMSGSIZE;
  }
  element_ = payloadOf(element);
  return 0;
}

uint32_t RowSource::next(uint32_t most) const {
  // An attribute's length has 16 bits.
  const size_t room = (UINT16_MAX - NLA_HDRLEN) / element_.size();
  return static_cast<uint32_t>(std::min<size_t>({room, most, columns_.rows() - at_}));
}

size_t RowSource::size(uint32_t most) const {
  return NLMSG_ALIGN(NLMSG_HDRLEN + prefix_.size() + next(most) * element_.size());
}

size_t RowSource::total() const {
  const size_t room = (UINT16_MAX - NLA_HDRLEN) / element_.size();
  const size_t messages = columns_.rows() / room + 1;
  return messages * NLMSG_ALIGN(NLMSG_HDRLEN + prefix_.size()) + columns_.rows() * element_.size();
}

void RowSource::append(nlmsghdr header, uint32_t most, Buffer& out) {
  const auto rows = next(most);
  const size_t elements = rows * element_.size();
  header.nlmsg_len = NLMSG_HDRLEN + prefix_.size() + elements;
  auto* to = out.extend(NLMSG_ALIGN(header.nlmsg_len));
  std::memcpy(to, &header, sizeof(header));
  to += NLMSG_HDRLEN;
  std::memcpy(to, prefix_.data(), prefix_.size());
  const auto listLength = static_cast<uint16_t>(NLA_HDRLEN + elements);
  std::memcpy(to + listAt_ + offsetof(nlattr, nla_len), &listLength, sizeof(listLength));
  to += prefix_.size();
  for (const auto end = at_ + rows; at_ < end; ++at_, to += element_.size()) {
    std::memcpy(to, element_.data(), element_.size());
    columns_.copy(key_, at_, to + keyAt_);
    if (data_.size) columns_.copy(data_, at_, to + dataAt_);
  }
}

bool decodeRows(Bytes payload, RecordWriter& out, bool counted) {
  if (payload.size() < sizeof(nfgenmsg)) return false;
  nlattr* list[NFTA_SET_ELEM_LIST_MAX + 1];
  auto* first = reinterpret_cast<nlattr*>(const_cast<uint8_t*>(payload.data() + sizeof(nfgenmsg)));
  if (nla_parse(list, NFTA_SET_ELEM_LIST_MAX, first, payload.size() - sizeof(nfgenmsg), nullptr) < 0) return false;
  if (!list[NFTA_SET_ELEM_LIST_ELEMENTS]) return true;
  int left;
  nlattr* item;
  nla_for_each_nested(item, list[NFTA_SET_ELEM_LIST_ELEMENTS], left) {
    nlattr* element[NFTA_SET_ELEM_MAX + 1];
    if (nla_parse_nested(element, NFTA_SET_ELEM_MAX, item, nullptr) < 0) return false;
    for (int attr = 1; attr <= NFTA_SET_ELEM_MAX; ++attr) {
      if (attr == NFTA_SET_ELEM_KEY || attr == NFTA_SET_ELEM_DATA || attr == NFTA_SET_ELEM_PAD) continue;
      if (counted && attr == NFTA_SET_ELEM_EXPR) continue;
      if (element[attr]) return false;
    }
    if (!element[NFTA_SET_ELEM_KEY]) return false;
    const auto key = valueOf(element[NFTA_SET_ELEM_KEY]);
    const auto data = element[NFTA_SET_ELEM_DATA] ? valueOf(element[NFTA_SET_ELEM_DATA]) : Bytes{};
    if (key.empty() || (element[NFTA_SET_ELEM_DATA] && data.empty())) return false;
    auto* to = out.raw(key.size() + data.size());
    std::memcpy(to, key.data(), key.size());
    if (!data.empty()) std::memcpy(to + key.size(), data.data(), data.size());
    if (counted && !decodeCounter(element[NFTA_SET_ELEM_EXPR], out)) return false;
  }
  return true;
}

}  // namespace netloom
