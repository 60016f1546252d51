// Kernel expressions: each has a file of its own with the schema of its NFTA_EXPR_DATA; `expressions` is their
// register.
#pragma once

#include "netlink/schema.h"

namespace netloom {

extern const std::vector<Variant> expressions;
extern const Schema expressionSchema;  // an element of an expression list: { type, ... }
extern const Schema dataSchema;        // NFTA_DATA_*
extern const Names natFlagNames;

extern const Schema bitwiseSchema;
extern const Schema byteorderSchema;
extern const Schema cmpSchema;
extern const Schema counterSchema;
extern const Schema ctSchema;
extern const Schema immediateSchema;
extern const Schema logSchema;
extern const Schema lookupSchema;
extern const Schema masqSchema;
extern const Schema metaSchema;
extern const Schema natSchema;
extern const Schema payloadSchema;
extern const Schema rangeSchema;
extern const Schema redirSchema;
extern const Schema rejectSchema;

}  // namespace netloom
