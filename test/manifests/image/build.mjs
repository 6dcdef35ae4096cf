// Builds the base on which the tests build our image, into a cache outside of the repository: Debian from the sources of this
// machine's apt, the Node.js of node_modules, and npm, as in the official image of Node.js. A base that is there is not built
// again. The first run takes a minute; the base takes 270 MB.
//
//   npm run test:image:build
//
// stdout gets the file, for buildah pull oci-archive:FILE; stderr gets everything else.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { baseImage, baseName, debianRelease } from './assets.ts';

const node = resolve(import.meta.dirname, '../../../node_modules/node/bin/node');

if (existsSync(baseImage)) say(`${baseImage}: there already`);
else await build();
process.stdout.write(`${baseImage}\n`);

async function build() {
  setPriority(10); // inherited by all programs below: a desk stays usable meanwhile
  mkdirSync(dirname(baseImage), { recursive: true });
  const work = mkdtempSync(`${baseImage}.`);
  const buildah = (...args) => run('buildah', ['--root', join(work, 'root'), '--runroot', join(work, 'run'), ...args]);
  try {
    say(`${baseImage}: building`);
    const startedAt = performance.now();
    const container = buildah('from', 'scratch');
    const tree = buildah('mount', container);
    installDebian(tree);
    installNode(tree, work);
    buildah('config', '--env', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', container);
    const unfinished = join(work, 'base.tar');
    buildah('commit', '--quiet', '--disable-compression', container, `oci-archive:${unfinished}:${baseName}`);
    renameSync(unfinished, baseImage); // in one step: who finds the file finds all of it
    say(`${baseImage}: built in ${Math.round((performance.now() - startedAt) / 1000)} s`);
  } catch (error) {
    say(`${baseImage}: ${error.stderr?.trim() || error.message}`);
    process.exitCode = 2;
  } finally {
    buildah('rm', '--all'); // unmounts
    rmSync(work, { recursive: true, force: true });
  }
}

/** Debian without what only people read, from where this machine gets its own packages. */
function installDebian(tree) {
  const unread = ['doc', 'info', 'locale', 'man'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
  const wanted = ['--variant=essential', '--include=libstdc++6'];
  run('mmdebstrap', [...wanted, ...unread, ...aptOptions(), debianRelease, tree, ...aptSources()]);
}

/** `deb …` lines for the release, its updates and its security fixes. */
function aptSources() {
  const format = '$(CREATED_BY) $(COMPONENT) $(RELEASE) deb $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const lines = run('apt-get', ['indextargets', '--format', format]).split('\n');
  const ours = new RegExp(`^Packages main ${debianRelease}(?:-\\w+)? (deb .*)$`);
  const sources = lines.flatMap((line) => ours.exec(line)?.[1] ?? []);
  if (sources.length === 0) throw new Error(`apt has no sources for ${debianRelease}`);
  return sources;
}

/** How apt reaches its sources. */
function aptOptions() {
  const lines = run('apt-config', ['dump', '--no-empty', 'Acquire']).split('\n');
  return lines.filter((line) => /^Acquire::https?::(Proxy|CaInfo)/i.test(line)).map((line) => `--aptopt=${line}`);
}

function installNode(tree, work) {
  cpSync(node, join(tree, 'usr/local/bin/node'));
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', `npm@${run('npm', ['--version'])}`], work));
  const modules = join(tree, 'usr/local/lib/node_modules');
  mkdirSync(modules, { recursive: true });
  run('tar', ['-xzf', join(work, filename), '-C', modules, '--no-same-owner', '--transform', 's/^package/npm/']);
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(tree, 'usr/local/bin', name));
}

function run(program, args, cwd) {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
