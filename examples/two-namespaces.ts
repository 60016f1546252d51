import { Netns } from 'netloom';

const left = await Netns.create();
const right = await Netns.create();
// One message makes the pair, with its other end directly in the other namespace.
await left.links.add({ kind: 'veth', name: 'eth0', up: true, peer: { name: 'eth0', netns: right, up: true } });
await left.addresses.add({ dev: 'eth0', address: '10.0.0.1/24' });
await right.addresses.add({ dev: 'eth0', address: '10.0.0.2/24' });
await right.routes.add({ dst: 'default', via: '10.0.0.1' });

console.log(await right.routes.list({ family: 'inet' }));
console.log(await right.routes.get('192.0.2.1'));
await Promise.all([left.close(), right.close()]);
