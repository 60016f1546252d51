// The core's tables as JS values: operations, events, schemas, names, error codes.
#pragma once

#include <napi.h>

namespace netloom {

Napi::Object describeTables(Napi::Env env);

}  // namespace netloom
