import type { Channel } from '../netlink/channel.js';
export class Nft { constructor(_channel: Channel) {} }
