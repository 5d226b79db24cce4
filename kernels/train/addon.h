// The part of the addon that trains.
#pragma once
#include <node_api.h>

namespace multiscale {

void define_training(napi_env env, napi_value exports);

}  // namespace multiscale
