// A static, position-independent libnl-3 for the prebuilt binary, from the distribution's own source package.
// (Debian's libnl-3.a is not position-independent, so it cannot go into a .node file.) Result: build-libnl/prefix.
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietly, Stop } from './say.mjs';
import { root } from './setup.mjs';

const folder = join(root, 'build-libnl');
const prefix = join(folder, 'prefix');

/** The configured apt sources again, as deb-src, in a folder of our own: /etc stays as it is. */
function privateSources() {
  const parts = join(folder, 'sources');
  mkdirSync(parts, { recursive: true });
  const of = (dir) => (existsSync(dir) ? readdirSync(dir).map((name) => join(dir, name)) : []);
  const files = ['/etc/apt/sources.list', ...of('/etc/apt/sources.list.d')].filter((file) => existsSync(file));
  files.forEach((file, index) => {
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('.sources')) {
      writeFileSync(join(parts, `${index}.sources`), text.replace(/^Types:.*$/gm, 'Types: deb-src'));
    } else if (file.endsWith('.list')) {
      writeFileSync(join(parts, `${index}.list`), text.replace(/^\s*deb\s/gm, 'deb-src '));
    }
  });
  const lists = join(folder, 'lists');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  // _apt, the user that apt downloads as, need not be able to write here.
  return ['Dir::Etc::SourceList=/dev/null', `Dir::Etc::SourceParts=${parts}`, `Dir::State::Lists=${lists}`]
    .concat(['APT::Sandbox::User=root', `Dir::Cache::pkgcache=`, `Dir::Cache::srcpkgcache=`])
    .flatMap((option) => ['-o', option]);
}

/** { prefix, version, copyright }: what to link, and what the licence asks to say. */
export async function buildLibnl() {
  const record = join(prefix, 'netloom.json');
  if (existsSync(record)) return JSON.parse(readFileSync(record, 'utf8'));
  rmSync(folder, { recursive: true, force: true });
  const options = privateSources();
  // Other sources than Debian's own may have no source packages; apt-get source decides whether it matters.
  await quietly('reading the list of source packages', 'apt-get', [...options, 'update']).catch(() => {});
  const args = [...options, '--download-only', 'source', 'libnl3'];
  await quietly('downloading the source of libnl3', 'apt-get', args, { cwd: folder });
  const archive = readdirSync(folder).find((name) => /^libnl3_.*\.orig\.tar\.[a-z0-9]+$/.test(name));
  if (archive === undefined) throw new Stop('the source package of libnl3 has no .orig.tar');
  const version = /_(.+)\.orig/.exec(archive)[1];

  const source = join(folder, 'source');
  mkdirSync(source);
  execFileSync('tar', ['-xf', join(folder, archive), '-C', source, '--strip-components=1']);
  const configure = ['--enable-static', '--disable-shared', '--with-pic', '--disable-cli', '--disable-debug'];
  // Only libnl-3 itself is built, whose sources need no parser generator: let configure find none missing.
  const env = {
    ...process.env,
    FLEX: 'true',
    BISON: 'true',
    YACC: 'true',
    CFLAGS: '-O2 -ffunction-sections -fdata-sections -fvisibility=hidden',
  };
  const inSource = { cwd: source, env };
  await quietly('configuring libnl', './configure', [...configure, `--prefix=${prefix}`], inSource);
  await quietly('building libnl', 'make', ['-j2', 'lib/libnl-3.la'], inSource);
  // `make install` would build the whole suite; this is one archive, its headers and its .pc file.
  mkdirSync(join(prefix, 'lib/pkgconfig'), { recursive: true });
  copyFileSync(join(source, 'lib/.libs/libnl-3.a'), join(prefix, 'lib/libnl-3.a'));
  copyFileSync(join(source, 'libnl-3.0.pc'), join(prefix, 'lib/pkgconfig/libnl-3.0.pc'));
  cpSync(join(source, 'include/netlink'), join(prefix, 'include/libnl3/netlink'), { recursive: true });
  const result = { prefix, version, archive, licence: join(source, 'COPYING') };
  writeFileSync(record, JSON.stringify(result));
  return result;
}
