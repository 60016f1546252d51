#include "netlink/buffer.h"

#include <doctest/doctest.h>
#include <stdio.h>
#include <unistd.h>

#include <cstring>
#include <vector>

using namespace netloom;

namespace {

// Memory of this process that is in use, in bytes: proc(5), statm.
size_t resident() {
  long pages = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  REQUIRE(file);
  CHECK(fscanf(file, "%*s %ld", &pages) == 1);
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

}  // namespace

TEST_CASE("a buffer that grows keeps what it holds") {
  Buffer buffer;
  for (uint32_t i = 0; i < 1'000'000; ++i) std::memcpy(buffer.extend(sizeof(i)), &i, sizeof(i));
  REQUIRE(buffer.size() == 4'000'000);
  CHECK(buffer.capacity() >= buffer.size());
  const auto* numbers = reinterpret_cast<const uint32_t*>(buffer.data());
  bool same = true;
  for (uint32_t i = 0; i < 1'000'000; ++i) same &= numbers[i] == i;
  CHECK(same);
}

TEST_CASE("a burst's memory is given back, a small one's kept") {
  constexpr size_t burst = 64 << 20;
  Buffer buffer;
  const auto before = resident();
  std::memset(buffer.extend(burst), 1, burst);
  CHECK(resident() > before + burst / 2);
  buffer.clear(1 << 20);
  CHECK(buffer.empty());
  CHECK(buffer.capacity() == 0);
  CHECK(resident() < before + burst / 2);
  buffer.extend(100'000);
  const auto* at = buffer.data();
  buffer.clear(1 << 20);
  CHECK(buffer.empty());
  CHECK(buffer.extend(100'000) == at);
}

TEST_CASE("a buffer is moved, not copied") {
  Buffer first;
  first.append(std::vector<uint8_t>{1, 2, 3});
  const auto* at = first.data();
  Buffer second(std::move(first));
  CHECK(second.data() == at);
  CHECK(second.size() == 3);
  first = std::move(second);
  CHECK(first.data() == at);
  CHECK(first.bytes()[2] == 3);
  first.truncate(1);
  CHECK(first.size() == 1);
}
