// Locates the base of the image that the tests build, in a cache outside of the repository that build.mjs fills.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** The release of Node.js that package.json pins, and that the `node` package of node_modules has. */
export const nodeVersion = pinnedNode(readFileSync(join(root, 'package.json'), 'utf8'));

/** The name of the Debian release, such as bookworm; empty on other systems. */
export const debianRelease = releaseName('/etc/os-release');

/** The name that the base has in its archive. */
export const baseName = 'localhost/tidewaiter-base:latest';

/** One file for each state of build.mjs, release of Node.js, release of Debian, and architecture. */
export const baseImage = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'tidewaiter',
  `image-base-node-${nodeVersion}-${debianRelease}-${process.arch}-${hashOf(join(import.meta.dirname, 'build.mjs'))}.tar`,
);

/** Why the image cannot be built and run, and what is needed; undefined when it can. */
export const imageMissing = missing();

function missing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'the image is built and run by root, on Linux';
  if (spawnSync('buildah', ['--version'], { stdio: 'ignore' }).status !== 0)
    return 'buildah is not on the PATH; run apt-get install buildah';
  return existsSync(baseImage)
    ? undefined
    : `${baseImage} is missing; run npm run test:image:build (needs buildah and mmdebstrap)`;
}

function pinnedNode(text: string): string {
  return (JSON.parse(text) as { devDependencies: { node: string } }).devDependencies.node;
}

function releaseName(file: string): string {
  return existsSync(file) ? (/^VERSION_CODENAME=(\w+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '') : '';
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 8);
}
