#include "netlink/columns.h"

#include <errno.h>
#include <netlink/attr.h>

namespace netloom {

Cell readCell(RecordReader& in) {
  Cell cell;
  cell.column = in.scalar<uint8_t>();
  cell.offset = in.scalar<uint8_t>();
  cell.size = in.scalar<uint8_t>();
  return cell;
}

Columns::Columns(Bytes record) {
  RecordReader in(record);
  rows_ = in.scalar<uint32_t>();
  const auto count = in.scalar<uint8_t>();
  for (int i = 0; i < count; ++i) {
    const auto width = in.scalar<uint8_t>();
    const bool swap = in.scalar<uint8_t>() != 0;
    if (width == 0 || (swap && width != sizeof(uint32_t))) in.fail();
    columns_.push_back({.data = nullptr, .width = width, .swap = swap});
  }
  for (auto& column : columns_) column.data = in.take(size_t{rows_} * column.width).data();
  // Rows of nothing would be any number of them for no bytes.
  valid_ = !in.failed() && (count > 0 || rows_ == 0);
}

bool Columns::holds(const Cell& cell) const {
  if (cell.column >= columns_.size()) return false;
  const auto& column = columns_[cell.column];
  if (column.swap && (cell.offset != 0 || cell.size != sizeof(uint32_t))) return false;
  return cell.offset + cell.size <= column.width;
}

int RowTemplate::prepare(const Schema& schema, Bytes record, const Columns& columns, nl_msg* message,
                         DeviceLookup* devices) {
  patches_.clear();
  RecordReader in(record);
  struct Patched {
    uint16_t attr;
    Cell cell;
  };
  std::vector<Patched> fields;
  const auto count = in.scalar<uint8_t>();
  for (int i = 0; i < count; ++i) {
    const auto index = in.scalar<uint8_t>();
    const auto cell = readCell(in);
    if (in.failed() || index >= schema.fields.size() || !columns.holds(cell)) return -EINVAL;
    const auto attr = schema.fields[index].attr;
    if (attr == kInHeader || attr == kInline) return -EINVAL;
    fields.push_back({.attr = attr, .cell = cell});
  }
  if (int error = encode(schema, in.rest(), message, devices)) return error;
  auto* header = nlmsg_hdr(message);
  for (const auto& field : fields) {
    auto* attr = nlmsg_find_attr(header, schema.headerSize, field.attr);
    if (!attr || nla_len(attr) != field.cell.size) return -EINVAL;
    const auto at = static_cast<uint8_t*>(nla_data(attr)) - reinterpret_cast<uint8_t*>(header);
    patches_.push_back({.at = static_cast<uint32_t>(at), .cell = field.cell});
  }
  return 0;
}

}  // namespace netloom
