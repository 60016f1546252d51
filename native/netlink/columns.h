// Columns: many rows of plain numbers and addresses, as a caller's typed arrays hold them, and messages made of them.
//
// A Kind::Columns request defines the columns for those behind it in its submission:
//   u32 rows, u8 columns, then for each: u8 width in bytes, u8 1 to swap (numbers that go big-endian onto the wire);
//   then the columns' bytes, one after the other.
#pragma once

#include <netlink/msg.h>

#include <vector>

#include "netlink/codec.h"

namespace netloom {

// A part of a column, as a row of it goes into a message.
struct Cell {
  uint8_t column = 0;
  uint8_t offset = 0;
  uint8_t size = 0;  // 0: none
};

class Columns {
 public:
  Columns() = default;
  // False in `valid` when the record is malformed.
  explicit Columns(Bytes record);

  bool valid() const { return valid_; }
  uint32_t rows() const { return rows_; }
  // Whether a cell lies within the columns.
  bool holds(const Cell& cell) const;

  void copy(const Cell& cell, uint32_t row, uint8_t* to) const {
    const auto& column = columns_[cell.column];
    const uint8_t* from = column.data + size_t{row} * column.width + cell.offset;
    if (column.swap) {
      uint32_t value;
      std::memcpy(&value, from, sizeof(value));
      value = __builtin_bswap32(value);
      std::memcpy(to, &value, sizeof(value));
    } else {
      std::memcpy(to, from, cell.size);
    }
  }

 private:
  struct Column {
    const uint8_t* data;
    uint8_t width;
    bool swap;
  };

  bool valid_ = false;
  uint32_t rows_ = 0;
  std::vector<Column> columns_;
};

// One message of a schema, repeated for every row with some of its fields taken from columns.
//
// The record: u8 number of fields, then for each: u8 field of the schema, and a cell (u8 column, u8 offset, u8 size);
// then the message's own record, in which these fields have values of the right size.
class RowTemplate {
 public:
  // Encodes the template into `message` (an empty one). Returns 0 or a negative errno.
  int prepare(const Schema& schema, Bytes record, const Columns& columns, nl_msg* message, DeviceLookup* devices);

  // Fills a copy of the template's bytes.
  void fill(const Columns& columns, uint32_t row, uint8_t* message) const {
    for (const auto& patch : patches_) columns.copy(patch.cell, row, message + patch.at);
  }

 private:
  struct Patch {
    uint32_t at;  // from the message's first byte
    Cell cell;
  };

  std::vector<Patch> patches_;
};

Cell readCell(RecordReader& in);

}  // namespace netloom
