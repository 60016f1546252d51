// Prints where napi.h is: the npm package in a checkout, the copy that the published package carries elsewhere.
const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');

const packed = join(__dirname, 'third_party', 'node-addon-api');
const directory = existsSync(join(packed, 'napi.h')) ? packed : dirname(require.resolve('node-addon-api/napi.h'));
process.stdout.write(directory);
