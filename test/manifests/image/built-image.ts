/** The image of the Dockerfile, built by buildah on the cached base, and its command as a node would run it. */
import { type ChildProcessByStdio, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { baseImage, baseName } from './assets.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const execute = promisify(execFile);

/** The command in the image configuration (`config` of the OCI image specification). */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
}

export interface BuiltImage {
  readonly config: ImageConfig;
  /** The directory that has the files of the image. */
  readonly tree: string;
  /**
   * Starts the image's entry point with `args`, else with its own: as the image's user, without capabilities, on a file system
   * that cannot be written. `certs` is mounted on /certs. Signals reach the program itself.
   */
  start(run: Run): Container;
  remove(): void;
}

export interface Run {
  readonly certs: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export type Container = ChildProcessByStdio<Writable, Readable, Readable>;

/** The mounts are those of one process, and end with it. */
const CONFINED = `set -eu
tree=$1 certs=$2 dir=$3 user=$4 group=$5
shift 5
mount --bind "$tree" "$tree"
mount -o remount,bind,ro "$tree"
mount --bind "$certs" "$tree/certs"
mount -o remount,bind,ro "$tree/certs"
mount --rbind /dev "$tree/dev"
mount -t proc proc "$tree/proc"
exec setpriv --no-new-privs unshare --root="$tree" --wd="$dir" --setgid="$group" --setuid="$user" "$@"`;

export async function buildImage(): Promise<BuiltImage> {
  const storage = mkdtempSync(join(tmpdir(), 'tidewaiter-image-storage-'));
  const store = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run')];
  const buildah = (...args: readonly string[]): string =>
    execFileSync('buildah', [...store, ...args], { encoding: 'utf8', maxBuffer: 2 ** 26 }).trim();
  const remove = (): void => {
    buildah('rm', '--all'); // unmounts
    rmSync(storage, { recursive: true, force: true });
  };
  try {
    buildah('pull', '--quiet', `oci-archive:${baseImage}`);
    const build = ['--isolation', 'chroot', '--build-arg', `NODE=${baseName}`, ...npmVolumes(storage)];
    await execute('buildah', [...store, 'build', ...build, '--tag', 'tidewaiter', ROOT], { maxBuffer: 2 ** 26 });
    const { OCIv1 } = JSON.parse(buildah('inspect', '--type', 'image', 'tidewaiter')) as {
      OCIv1: { config: ImageConfig };
    };
    const tree = buildah('mount', buildah('from', 'tidewaiter'));
    return { config: OCIv1.config, tree, start: (run) => start(tree, OCIv1.config, run), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function start(tree: string, config: ImageConfig, { certs, args = config.Cmd, env = {} }: Run): Container {
  const [user = '', group = ''] = config.User.split(':');
  const command = [...config.Entrypoint, ...args];
  const confined = ['--mount', 'sh', '-c', CONFINED, 'sh', tree, certs, config.WorkingDir, user, group, ...command];
  const own = Object.fromEntries(config.Env.map((line) => line.split(/=(.*)/s, 2)));
  return spawn('unshare', confined, { env: { ...own, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** The npm settings of this machine for the build: the registry, its proxy, and cached packages. */
function npmVolumes(storage: string): readonly string[] {
  const setting = (name: string): string =>
    execFileSync('npm', ['config', 'get', name], { cwd: ROOT, encoding: 'utf8' }).trim();
  const authorities = [setting('cafile'), process.env['NODE_EXTRA_CA_CERTS'] ?? ''].find((file) => existsSync(file));
  const settings = join(storage, 'npmrc');
  const lines = ['cache=/mnt', 'prefer-offline=true', 'update-notifier=false', `registry=${setting('registry')}`];
  if (authorities !== undefined) lines.push('cafile=/usr/local/etc/npm-ca.crt');
  writeFileSync(settings, `${lines.join('\n')}\n`);
  const mounts: readonly (readonly [string, string])[] = [
    [settings, '/usr/local/etc/npmrc:ro'],
    [setting('userconfig'), '/root/.npmrc:ro'],
    [authorities ?? '', '/usr/local/etc/npm-ca.crt:ro'],
    [setting('cache'), '/mnt'],
  ];
  return mounts.filter(([from]) => existsSync(from)).flatMap(([from, to]) => ['--volume', `${from}:${to}`]);
}
