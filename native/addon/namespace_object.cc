#include "addon/namespace_object.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <map>

#include "addon/channel_object.h"
#include "addon/instance.h"
#include "addon/monitor_object.h"
#include "netns/namespace.h"
#include "packet/announce.h"

namespace netloom {
namespace {

struct Made {
  std::string name{};
  std::vector<Sysctl> sysctls{};
  std::vector<int> protocols{};
  std::string alias{};
  Traffic* traffic = nullptr;
  Fd fd{};
  std::vector<Fd> sockets{};
};

// [path, value | null]... False in an environment that is ending, which makes no more values.
bool readSysctls(Napi::Array list, std::vector<Sysctl>& out) {
  for (uint32_t i = 0; i < list.Length(); ++i) {
    auto pair = list.Get(i);
    if (pair.IsEmpty()) return false;
    auto path = pair.As<Napi::Array>().Get(0u);
    auto value = pair.As<Napi::Array>().Get(1u);
    if (path.IsEmpty() || value.IsEmpty()) return false;
    out.push_back({.path = path.As<Napi::String>(),
                   .write = value.IsString(),
                   .value = value.IsString() ? value.As<Napi::String>().Utf8Value() : ""});
  }
  return true;
}

// In the calling thread's namespace.
Outcome openSocket(int protocol, Fd& out) {
  int error = 0;
  out = RawSocket::open(protocol, error);
  return {.error = -error, .syscall = "socket(AF_NETLINK)"};
}

// A namespace with its settings made and its sockets opened, while the mover is in it, and only then named.
Outcome make(Made& made) {
  const auto furnish = [&made](int fd) {
    Outcome outcome;
    if (!made.sysctls.empty()) outcome = applySysctls(fd, made.sysctls);
    for (int protocol : made.protocols) {
      if (outcome) outcome = openSocket(protocol, made.sockets.emplace_back());
      if (outcome && protocol == NETLINK_ROUTE && !made.alias.empty()) {
        outcome = setLoopbackAlias(made.sockets.back().get(), made.alias);
        made.traffic->count(1, 0);
      }
    }
    return outcome;
  };
  if (!made.name.empty()) return createNamedNamespace(made.name, furnish, made.fd);
  auto outcome = createNamespace(made.fd);
  return outcome ? furnish(made.fd.get()) : outcome;
}

// create(name | null, sysctls, protocols, alias | null): { namespace, channels }.
Napi::Value create(const Napi::CallbackInfo& info) {
  auto& instance = Instance::of(info.Env());
  auto state = std::make_shared<Made>();
  if (info[0].IsString()) state->name = info[0].As<Napi::String>();
  if (!readSysctls(info[1].As<Napi::Array>(), state->sysctls)) return {};
  auto protocols = info[2].As<Napi::Array>();
  for (uint32_t i = 0; i < protocols.Length(); ++i) {
    auto protocol = protocols.Get(i);
    if (protocol.IsEmpty()) return {};
    state->protocols.push_back(protocol.As<Napi::Number>().Int32Value());
  }
  if (info[3].IsString()) state->alias = info[3].As<Napi::String>();
  state->traffic = &instance.traffic;
  return instance.run<Made>(
      instance.mover, info.Env(), state, make,
      [](Napi::Env env, Made& made) -> Napi::Value {
        auto channels = Napi::Array::New(env, made.sockets.size());
        for (uint32_t i = 0; i < made.sockets.size(); ++i) {
          channels.Set(i, ChannelObject::make(env, std::move(made.sockets[i]), made.protocols[i]));
        }
        auto result = Napi::Object::New(env);
        result.Set("namespace", NamespaceObject::make(env, std::move(made.fd)));
        result.Set("channels", channels);
        return result;
      },
      [](Made& made) {
        if (!made.name.empty()) deleteNamedNamespace(made.name);
      });
}

Napi::Value remove(const Napi::CallbackInfo& info) {
  auto& instance = Instance::of(info.Env());
  auto state = std::make_shared<Made>();
  state->name = info[0].As<Napi::String>();
  return instance.run<Made>(
      instance.mover, info.Env(), state, [](Made& made) { return deleteNamedNamespace(made.name); },
      [](Napi::Env env, Made&) { return env.Undefined(); });
}

Napi::Value open(const Napi::CallbackInfo& info) {
  Fd fd;
  const auto outcome = openNamespace(info[0].As<Napi::String>(), fd);
  if (outcome) return NamespaceObject::make(info.Env(), std::move(fd));
  if (auto error = Instance::errorOf(info.Env(), outcome); !error.IsEmpty()) {
    Napi::Error(info.Env(), error).ThrowAsJavaScriptException();
  }
  return {};
}

}  // namespace

void NamespaceObject::define(Napi::Env env, Napi::Object exports) {
  auto constructor = DefineClass(
      env, "Namespace",
      {InstanceAccessor<&NamespaceObject::getFd>("fd"), InstanceMethod<&NamespaceObject::close>("close"),
       InstanceMethod<&NamespaceObject::sysctl>("sysctl"), InstanceMethod<&NamespaceObject::socket>("socket"),
       InstanceMethod<&NamespaceObject::announce>("announce"), InstanceMethod<&NamespaceObject::channel>("channel"),
       InstanceMethod<&NamespaceObject::monitor>("monitor"), InstanceMethod<&NamespaceObject::createTun>("createTun"),
       InstanceMethod<&NamespaceObject::features>("features")});
  Instance::of(env).namespaceClass = Napi::Persistent(constructor);
  exports.Set("createNamespace", Napi::Function::New(env, create));
  exports.Set("deleteNamespace", Napi::Function::New(env, remove));
  exports.Set("openNamespace", Napi::Function::New(env, open));
}

Napi::Value NamespaceObject::make(Napi::Env env, Fd fd) {
  auto object = Instance::of(env).namespaceClass.New({});
  auto* self = object.IsEmpty() ? nullptr : Unwrap(object);
  if (!self) return {};
  self->fd_ = std::move(fd);
  return object;
}

NamespaceObject::NamespaceObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NamespaceObject>(info) {}

Napi::Value NamespaceObject::getFd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), fd_.get());
}

void NamespaceObject::close(const Napi::CallbackInfo& info) {
  fd_.reset();
  if (announcer_) closeLater(Instance::of(info.Env()), std::move(announcer_));
}

// The kernel waits for all its readers when a packet socket is closed (packet_release calls synchronize_net):
// milliseconds in which nothing else should have to wait.
void NamespaceObject::closeLater(Instance& instance, std::shared_ptr<Fd> socket) {
  instance.closer.post([socket = std::move(socket)] { socket->reset(); });
}

// sysctl([path, value | null]...): what was read, in order.
Napi::Value NamespaceObject::sysctl(const Napi::CallbackInfo& info) {
  struct State {
    Fd fd;
    std::vector<Sysctl> sysctls;
  };
  auto& instance = Instance::of(info.Env());
  auto state = std::make_shared<State>(Fd::duplicateOf(fd_.get()));
  if (!readSysctls(info[0].As<Napi::Array>(), state->sysctls)) return {};
  return instance.run<State>(
      instance.mover, info.Env(), state, [](State& state) { return applySysctls(state.fd.get(), state.sysctls); },
      [](Napi::Env env, State& state) -> Napi::Value {
        auto values = Napi::Array::New(env, state.sysctls.size());
        for (uint32_t i = 0; i < state.sysctls.size(); ++i) values.Set(i, state.sysctls[i].value);
        return values;
      });
}

// socket(kind, address bytes | null, port, reuseAddress): a descriptor that is the caller's.
Napi::Value NamespaceObject::socket(const Napi::CallbackInfo& info) {
  struct State {
    Fd fd;
    SocketSpec spec;
    Fd made{};
  };
  static const std::map<std::string, std::array<int, 3>> kinds{
      {"udp4", {AF_INET, SOCK_DGRAM, IPPROTO_UDP}},   {"udp6", {AF_INET6, SOCK_DGRAM, IPPROTO_UDP}},
      {"tcp4", {AF_INET, SOCK_STREAM, IPPROTO_TCP}},  {"tcp6", {AF_INET6, SOCK_STREAM, IPPROTO_TCP}},
      {"icmp4", {AF_INET, SOCK_DGRAM, IPPROTO_ICMP}}, {"icmp6", {AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6}},
  };
  auto& instance = Instance::of(info.Env());
  const auto kind = kinds.find(info[0].As<Napi::String>());
  if (kind == kinds.end()) {
    Napi::TypeError::New(info.Env(), "unknown socket kind").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  const auto [domain, type, protocol] = kind->second;
  auto state = std::make_shared<State>(
      Fd::duplicateOf(fd_.get()), SocketSpec{.domain = domain,
                                             .type = type,
                                             .protocol = protocol,
                                             .bind = info[1].IsTypedArray(),
                                             .address = {},
                                             .port = static_cast<uint16_t>(info[2].As<Napi::Number>().Uint32Value()),
                                             .reuseAddress = info[3].As<Napi::Boolean>()});
  if (state->spec.bind) {
    auto address = info[1].As<Napi::Uint8Array>();
    state->spec.address.assign(address.Data(), address.Data() + address.ByteLength());
  }
  return instance.run<State>(
      instance.mover, info.Env(), state,
      [](State& state) { return openSocket(state.fd.get(), state.spec, state.made); },
      [](Napi::Env env, State& state) -> Napi::Value { return Napi::Number::New(env, state.made.release()); });
}

// announce(rows, last): one frame for each row of packet/announce.h. The socket is kept until the last.
Napi::Value NamespaceObject::announce(const Napi::CallbackInfo& info) {
  struct State {
    Fd fd;
    std::vector<uint8_t> rows;
    std::shared_ptr<Fd> socket;
    bool last;
  };
  auto& instance = Instance::of(info.Env());
  auto rows = info[0].As<Napi::Uint8Array>();
  const bool last = info[1].As<Napi::Boolean>();
  if (!announcer_) announcer_ = std::make_shared<Fd>();
  auto state = std::make_shared<State>(
      Fd::duplicateOf(fd_.get()), std::vector<uint8_t>(rows.Data(), rows.Data() + rows.ByteLength()), announcer_, last);
  if (last) announcer_.reset();
  return instance.run<State>(
      instance.mover, info.Env(), state,
      [&instance](State& state) {
        Outcome outcome;
        if (!*state.socket) outcome = openAnnouncer(state.fd.get(), *state.socket);
        if (outcome) outcome = sendAnnouncements(state.socket->get(), state.rows);
        if (state.last) closeLater(instance, std::move(state.socket));
        return outcome;
      },
      [](Napi::Env env, State&) { return env.Undefined(); });
}

// channel(protocol): a netlink socket in the namespace.
Napi::Value NamespaceObject::channel(const Napi::CallbackInfo& info) {
  struct State {
    Fd fd;
    int protocol;
    Fd made{};
  };
  auto& instance = Instance::of(info.Env());
  auto state = std::make_shared<State>(Fd::duplicateOf(fd_.get()), info[0].As<Napi::Number>().Int32Value());
  return instance.run<State>(
      instance.mover, info.Env(), state,
      [](State& state) {
        auto outcome = enterNamespace(state.fd.get());
        return outcome ? openSocket(state.protocol, state.made) : outcome;
      },
      [](Napi::Env env, State& state) { return ChannelObject::make(env, std::move(state.made), state.protocol); });
}

// monitor(protocol, groups, receiveBytes | 0): a netlink socket in the namespace that is a member of multicast groups.
Napi::Value NamespaceObject::monitor(const Napi::CallbackInfo& info) {
  struct State {
    Fd fd;
    int protocol;
    int receiveBytes;
    std::vector<uint32_t> groups{};
    Fd made{};
  };
  auto& instance = Instance::of(info.Env());
  auto state = std::make_shared<State>(Fd::duplicateOf(fd_.get()), info[0].As<Napi::Number>().Int32Value(),
                                       info[2].As<Napi::Number>().Int32Value());
  auto groups = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i < groups.Length(); ++i) {
    auto group = groups.Get(i);
    if (group.IsEmpty()) return {};
    state->groups.push_back(group.As<Napi::Number>().Uint32Value());
  }
  return instance.run<State>(
      instance.mover, info.Env(), state,
      [](State& state) {
        auto outcome = enterNamespace(state.fd.get());
        if (outcome) outcome = openSocket(state.protocol, state.made);
        if (!outcome) return outcome;
        const int error = Monitor::join(state.made.get(), state.groups, state.receiveBytes);
        return Outcome{.error = -error, .syscall = "setsockopt(NETLINK_ADD_MEMBERSHIP)"};
      },
      [](Napi::Env env, State& state) { return MonitorObject::make(env, std::move(state.made), state.protocol); });
}

}  // namespace netloom
