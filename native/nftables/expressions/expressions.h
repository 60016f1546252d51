// Kernel expressions: each has a file of its own with the schema of its NFTA_EXPR_DATA; `expressions` is their
// register.
#pragma once

#include "netlink/schema.h"

namespace netloom {

extern const std::vector<Variant> expressions;
extern const Schema expressionSchema;  // an element of an expression list: { type, ... }
extern const Schema dataSchema;        // NFTA_DATA_*
extern const Names natFlagNames;
extern const Names objectTypeNames;  // NFT_OBJECT_*

extern const Schema bitwiseSchema;
extern const Schema byteorderSchema;
extern const Schema cmpSchema;
extern const Schema connlimitSchema;
extern const Schema counterSchema;
extern const Schema ctSchema;
extern const Schema dupSchema;
extern const Schema dynsetSchema;
extern const Schema exthdrSchema;
extern const Schema fibSchema;
extern const Schema flowOffloadSchema;
extern const Schema fwdSchema;
extern const Schema hashSchema;
extern const Schema immediateSchema;
extern const Schema lastSchema;
extern const Schema limitSchema;
extern const Schema logSchema;
extern const Schema lookupSchema;
extern const Schema masqSchema;
extern const Schema metaSchema;
extern const Schema natSchema;
extern const Schema notrackSchema;
extern const Schema numgenSchema;
extern const Schema objrefSchema;
extern const Schema osfSchema;
extern const Schema payloadSchema;
extern const Schema queueSchema;
extern const Schema quotaSchema;
extern const Schema rangeSchema;
extern const Schema redirSchema;
extern const Schema rejectSchema;
extern const Schema rtSchema;
extern const Schema socketSchema;
extern const Schema synproxySchema;
extern const Schema tproxySchema;
extern const Schema xfrmSchema;
extern const Schema xtMatchSchema;
extern const Schema xtTargetSchema;

}  // namespace netloom
