#include "addon/channel_object.h"

#include "addon/instance.h"

namespace netloom {
namespace {

// What is larger than this is handed over instead of copied.
constexpr size_t kCopied = 64 * 1024;

// The results' bytes as JS sees them; null when there are none, which is what success mostly looks like.
Napi::Value copied(Napi::Env env, Bytes results) {
  if (results.empty()) return env.Null();
  return Napi::Buffer<uint8_t>::Copy(env, results.data(), results.size());
}

Napi::Value handedOver(Napi::Env env, Buffer results) {
  if (results.size() < kCopied) return copied(env, results.bytes());
  auto* owned = new Buffer(std::move(results));
  return Napi::Buffer<uint8_t>::New(
      env, owned->data(), owned->size(), [](Napi::Env, uint8_t*, Buffer* owned) { delete owned; }, owned);
}

}  // namespace

void ChannelObject::define(Napi::Env env) {
  auto constructor =
      DefineClass(env, "Channel",
                  {InstanceMethod<&ChannelObject::submit>("submit"), InstanceMethod<&ChannelObject::close>("close")});
  Instance::of(env).channelClass = Napi::Persistent(constructor);
}

Napi::Value ChannelObject::make(Napi::Env env, Fd fd, int protocol) {
  auto& instance = Instance::of(env);
  auto object = instance.channelClass.New({});
  auto* self = object.IsEmpty() ? nullptr : Unwrap(object);
  if (!self) return {};
  self->channel_ =
      std::make_shared<Channel>(std::move(fd), protocol, instance.workers, instance.costs, instance.traffic);
  return object;
}

ChannelObject::ChannelObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ChannelObject>(info) {}

// submit(bytes, length, dispatch, done): the results when it was carried out at once, else undefined, and `done` is
// called with them. Until then the first `length` of the bytes must not change, and nothing more be submitted.
Napi::Value ChannelObject::submit(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  auto& instance = Instance::of(env);
  auto array = info[0].As<Napi::Uint8Array>();
  const Bytes requests{array.Data(), info[1].As<Napi::Number>().Uint32Value()};
  const auto dispatch = static_cast<Dispatch>(info[2].As<Napi::Number>().Uint32Value());
  if (channel_->runsHere(requests, dispatch)) {
    channel_->execute(requests, instance.scratch);
    auto& results = instance.scratch.results;
    return results.size() < kCopied ? copied(env, results.bytes()) : handedOver(env, results.release());
  }
  struct Pending {
    Napi::Reference<Napi::Uint8Array> requests;
    Napi::FunctionReference done;
  };
  auto pending = std::make_shared<Pending>();
  pending->requests = Napi::Persistent(array);
  pending->done = Napi::Persistent(info[3].As<Napi::Function>());
  // Where the environment ends first, it frees them itself; only the JS thread may.
  pending->requests.SuppressDestruct();
  pending->done.SuppressDestruct();
  instance.hold(env);
  channel_->post(requests, [&instance, pending](Buffer results) {
    // Buffers are moved, callbacks copied.
    auto shared = std::make_shared<Buffer>(std::move(results));
    instance.callBack([&instance, pending, shared](Napi::Env env) {
      if (!env) return;
      Napi::HandleScope scope(env);
      instance.release(env);
      auto value = handedOver(env, std::move(*shared));
      auto callback = pending->done.Value();
      pending->done.Reset();
      pending->requests.Reset();
      callback.Call({value});
    });
  });
  return env.Undefined();
}

void ChannelObject::close(const Napi::CallbackInfo& info) {
  if (!channel_ || !channel_->closesSlowly()) return channel_.reset();
  // Copied into the job, and dropped with it.
  Instance::of(info.Env()).closer.post([channel = std::move(channel_)] {});
}

}  // namespace netloom
