#!/usr/bin/env node
// The command. `build-native` runs before anything that loads the addon: it is there for machines without one.
import { existsSync } from 'node:fs';

const [command, ...args] = process.argv.slice(2);
const program = new URL('../dist/cli/main.js', import.meta.url);

if (command === 'build-native') {
  const { buildNative } = await import('../scripts/build-native.mjs');
  process.exitCode = await buildNative(args);
} else if (existsSync(program)) {
  await import(program.href);
} else {
  process.stderr.write('netloom is not built yet: run `npm start` or `npm run setup` in the checkout\n');
  process.exitCode = 1;
}
