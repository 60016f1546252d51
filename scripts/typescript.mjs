// Lets Node.js run the repository's TypeScript as it stands, `netloom` meaning src: `node --import ./scripts/typescript.mjs FILE.ts`.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
