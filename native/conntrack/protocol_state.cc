#include "conntrack/protocol_state.h"

#include <linux/netfilter/nf_conntrack_sctp.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <cstddef>

namespace netloom {
namespace {

// As nft calls them in `ct timeout` objects.
const Names tcpStates{"conntrackTcpState",
                      false,
                      {{"none", TCP_CONNTRACK_NONE},
                       {"syn_sent", TCP_CONNTRACK_SYN_SENT},
                       {"syn_recv", TCP_CONNTRACK_SYN_RECV},
                       {"established", TCP_CONNTRACK_ESTABLISHED},
                       {"fin_wait", TCP_CONNTRACK_FIN_WAIT},
                       {"close_wait", TCP_CONNTRACK_CLOSE_WAIT},
                       {"last_ack", TCP_CONNTRACK_LAST_ACK},
                       {"time_wait", TCP_CONNTRACK_TIME_WAIT},
                       {"close", TCP_CONNTRACK_CLOSE},
                       {"syn_sent2", TCP_CONNTRACK_SYN_SENT2}}};

const Names tcpFlags{"conntrackTcpFlags",
                     true,
                     {{"window-scale", IP_CT_TCP_FLAG_WINDOW_SCALE},
                      {"sack-permitted", IP_CT_TCP_FLAG_SACK_PERM},
                      {"close-init", IP_CT_TCP_FLAG_CLOSE_INIT},
                      {"be-liberal", IP_CT_TCP_FLAG_BE_LIBERAL},
                      {"data-unacknowledged", IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED},
                      {"maxack-set", IP_CT_TCP_FLAG_MAXACK_SET},
                      {"challenge-ack", IP_CT_EXP_CHALLENGE_ACK},
                      {"simultaneous-open", IP_CT_TCP_SIMULTANEOUS_OPEN}}};

const Names sctpStates{"conntrackSctpState",
                       false,
                       {{"none", SCTP_CONNTRACK_NONE},
                        {"closed", SCTP_CONNTRACK_CLOSED},
                        {"cookie_wait", SCTP_CONNTRACK_COOKIE_WAIT},
                        {"cookie_echoed", SCTP_CONNTRACK_COOKIE_ECHOED},
                        {"established", SCTP_CONNTRACK_ESTABLISHED},
                        {"shutdown_sent", SCTP_CONNTRACK_SHUTDOWN_SENT},
                        {"shutdown_recd", SCTP_CONNTRACK_SHUTDOWN_RECD},
                        {"shutdown_ack_sent", SCTP_CONNTRACK_SHUTDOWN_ACK_SENT},
                        {"heartbeat_sent", SCTP_CONNTRACK_HEARTBEAT_SENT},
                        {"heartbeat_acked", SCTP_CONNTRACK_HEARTBEAT_ACKED}}};

// enum ct_dccp_states and ct_dccp_roles of the kernel's own include/linux/netfilter/nf_conntrack_dccp.h, which no
// header for programs has. Kernels from 6.17 on do not follow DCCP any more.
const Names dccpStates{"conntrackDccpState",
                       false,
                       {{"none", 0},
                        {"request", 1},
                        {"respond", 2},
                        {"partopen", 3},
                        {"open", 4},
                        {"closereq", 5},
                        {"closing", 6},
                        {"timewait", 7}}};
const Names dccpRoles{"conntrackDccpRole", false, {{"client", 0}, {"server", 1}}};

// struct nf_ct_tcp_flags. The mask says which flags a change is about; the kernel tells none.
const Schema tcpFlagsSchema{"conntrackTcpFlags",
                            sizeof(nf_ct_tcp_flags),
                            {header("flags", Type::U8, offsetof(nf_ct_tcp_flags, flags), &tcpFlags),
                             header("mask", Type::U8, offsetof(nf_ct_tcp_flags, mask), &tcpFlags)}};

const Schema tcpSchema{"conntrackTcp",
                       0,
                       {attribute("state", Type::U8, CTA_PROTOINFO_TCP_STATE, &tcpStates),
                        attribute("originalScale", Type::U8, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL),
                        attribute("replyScale", Type::U8, CTA_PROTOINFO_TCP_WSCALE_REPLY),
                        nest("originalFlags", CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, &tcpFlagsSchema),
                        nest("replyFlags", CTA_PROTOINFO_TCP_FLAGS_REPLY, &tcpFlagsSchema)}};

const Schema dccpSchema{"conntrackDccp",
                        0,
                        {attribute("state", Type::U8, CTA_PROTOINFO_DCCP_STATE, &dccpStates),
                         attribute("role", Type::U8, CTA_PROTOINFO_DCCP_ROLE, &dccpRoles),
                         attribute("handshakeSequence", Type::Be64, CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ)}};

const Schema sctpSchema{"conntrackSctp",
                        0,
                        {attribute("state", Type::U8, CTA_PROTOINFO_SCTP_STATE, &sctpStates),
                         attribute("originalTag", Type::Be32, CTA_PROTOINFO_SCTP_VTAG_ORIGINAL),
                         attribute("replyTag", Type::Be32, CTA_PROTOINFO_SCTP_VTAG_REPLY)}};

}  // namespace

const Schema protocolStateSchema{
    "conntrackProtocolState",
    0,
    {nest("tcp", CTA_PROTOINFO_TCP, &tcpSchema), nest("dccp", CTA_PROTOINFO_DCCP, &dccpSchema),
     nest("sctp", CTA_PROTOINFO_SCTP, &sctpSchema)}};

}  // namespace netloom
