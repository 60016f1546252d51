/** Network namespaces: making and entering them, and what runs inside: processes, sockets, settings. */
export { type CreateOptions, Netns, type NetnsOptions, type NetnsReference } from './netns.js';
export type { SocketKind, SocketOptions } from './socket.js';
export type { SpawnOptions } from './spawn.js';
export type { Sysctl, SysctlValues } from './sysctl.js';
