// Announcements: gratuitous ARP (RFC 5227, section 3) and unsolicited neighbour advertisements (RFC 4861,
// section 7.2.6).
#pragma once

#include "netlink/record.h"
#include "netns/namespace.h"

namespace netloom {

// One announcement: u32 interface index, 6 bytes MAC, u8 version (4 or 6), u8 router flag, 16 bytes address.
inline constexpr size_t kAnnouncementSize = 28;

// Mover. The packet socket that announcements leave by; it receives nothing.
Outcome openAnnouncer(int fd, Fd& out);

// Sends one frame for each row.
Outcome sendAnnouncements(int socket, Bytes rows);

}  // namespace netloom
