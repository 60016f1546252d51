// What a namespace's object does to its devices by ioctl, on the mover.
#include "addon/instance.h"
#include "addon/namespace_object.h"
#include "ethtool/features.h"
#include "tun/tun.h"

namespace netloom {
namespace {

std::optional<uint32_t> optionalNumber(Napi::Value value) {
  if (!value.IsNumber()) return std::nullopt;
  return value.As<Napi::Number>().Uint32Value();
}

// [pattern, on]... False in an environment that is ending.
bool readChanges(Napi::Array list, std::vector<FeatureChange>& out) {
  for (uint32_t i = 0; i < list.Length(); ++i) {
    auto pair = list.Get(i);
    if (pair.IsEmpty()) return false;
    auto pattern = pair.As<Napi::Array>().Get(0u);
    auto on = pair.As<Napi::Array>().Get(1u);
    if (pattern.IsEmpty() || on.IsEmpty()) return false;
    out.push_back({.pattern = pattern.As<Napi::String>(), .on = on.As<Napi::Boolean>()});
  }
  return true;
}

}  // namespace

// createTun(name, tap, pi, vnetHdr, multiQueue, owner | null, ownerGroup | null)
Napi::Value NamespaceObject::createTun(const Napi::CallbackInfo& info) {
  struct State {
    Fd fd;
    TunSpec spec;
  };
  auto& instance = Instance::of(info.Env());
  auto state = std::make_shared<State>(Fd::duplicateOf(fd_.get()), TunSpec{.name = info[0].As<Napi::String>(),
                                                                           .tap = info[1].As<Napi::Boolean>(),
                                                                           .pi = info[2].As<Napi::Boolean>(),
                                                                           .vnetHdr = info[3].As<Napi::Boolean>(),
                                                                           .multiQueue = info[4].As<Napi::Boolean>(),
                                                                           .owner = optionalNumber(info[5]),
                                                                           .ownerGroup = optionalNumber(info[6])});
  return instance.run<State>(
      instance.mover, info.Env(), state, [](State& state) { return netloom::createTun(state.fd.get(), state.spec); },
      [](Napi::Env env, State&) { return env.Undefined(); });
}

// features(device, [pattern, on]...): [name, active, requested, fixed]..., after the changes.
Napi::Value NamespaceObject::features(const Napi::CallbackInfo& info) {
  struct State {
    Fd fd;
    unsigned index = 0;
    std::string name{};
    std::vector<FeatureChange> changes{};
    std::vector<Feature> features{};
  };
  auto& instance = Instance::of(info.Env());
  auto state = std::make_shared<State>(Fd::duplicateOf(fd_.get()));
  if (info[0].IsNumber()) {
    state->index = info[0].As<Napi::Number>().Uint32Value();
  } else {
    state->name = info[0].As<Napi::String>();
  }
  if (!readChanges(info[1].As<Napi::Array>(), state->changes)) return {};
  return instance.run<State>(
      instance.mover, info.Env(), state,
      [](State& state) {
        return deviceFeatures(state.fd.get(), state.index, state.name, state.changes, state.features);
      },
      [](Napi::Env env, State& state) -> Napi::Value {
        auto list = Napi::Array::New(env, state.features.size());
        for (uint32_t i = 0; i < state.features.size(); ++i) {
          const auto& feature = state.features[i];
          auto entry = Napi::Array::New(env, 4);
          entry.Set(0u, feature.name);
          entry.Set(1u, feature.active);
          entry.Set(2u, feature.requested);
          entry.Set(3u, feature.fixed);
          list.Set(i, entry);
        }
        return list;
      });
}

}  // namespace netloom
