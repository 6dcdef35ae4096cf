/** A real registry on loopback, with its images in memory. It always ends with the tests. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { startGuard } from '../cluster/guard.ts';

export type RegistryAuth =
  | { readonly kind: 'open' }
  | { readonly kind: 'htpasswd' }
  | {
      readonly kind: 'token';
      readonly realm: string;
      readonly service: string;
      readonly issuer: string;
      readonly rootCert: string;
    };

/** The only user of a registry with `htpasswd`, created with `htpasswd -nbB -C 5`. */
export const HTPASSWD_USER = {
  username: 'ci',
  password: 'correct horse',
  line: 'ci:$2y$05$r0EJalt.iS1ayEVsGxq0yOF/T1k2iwsHrkHw88/XDVc5U.aX.xeuq\n',
} as const;

/** A later password of that user, created with `perl -e 'print crypt("…", q($2y$05$abcdefghijklmnopqrstuu))'`. */
export const HTPASSWD_LATER = {
  username: 'ci',
  password: 'battery staple',
  line: 'ci:$2y$05$abcdefghijklmnopqrstuumjewjQVmxxbBHy234HdGTOAqOuVnhhy\n',
} as const;

export interface RunningRegistry {
  /** `127.0.0.1:40001`. */
  readonly host: string;
  readonly origin: string;
  /** Replaces the users of a registry with `htpasswd`, which reads the file again when its time changes. */
  setUsers(line: string): void;
  stop(): Promise<void>;
}

/** Why Debian's registry cannot be run, and how to get it. */
export const dockerRegistryMissing =
  spawnSync('docker-registry', ['--version'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'docker-registry is not on the PATH; on Debian, run apt-get install docker-registry';

const HTPASSWD_FILE = 'htpasswd';
const START_MS = 20_000;

export async function startRegistry(program: string, auth: RegistryAuth): Promise<RunningRegistry> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-registry-'));
  const guard = startGuard(folder);
  writeFileSync(path.join(folder, 'config.yaml'), configuration(auth, folder));
  const child = spawn(program, ['serve', path.join(folder, 'config.yaml')], {
    cwd: folder,
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guard.watch(child);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await guard.dismiss();
  };
  const lines: string[] = [];
  const listening = new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${program} ${why}:\n${lines.slice(-15).join('\n')}`));
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => fail(`ended with ${code}`));
    setTimeout(() => fail('did not start in time'), START_MS).unref();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        const host = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
        if (host !== undefined) resolve(host);
      });
    }
  });
  try {
    const host = await listening;
    const setUsers = (line: string): void => writeFileSync(path.join(folder, HTPASSWD_FILE), line);
    return { host, origin: `http://${host}`, setUsers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** YAML is a superset of JSON. */
function configuration(auth: RegistryAuth, folder: string): string {
  return JSON.stringify({
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { inmemory: {}, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', secret: 'only for tests' },
    ...authSection(auth, folder),
  });
}

function authSection(auth: RegistryAuth, folder: string): object {
  if (auth.kind === 'open') return {};
  if (auth.kind === 'htpasswd') {
    const file = path.join(folder, HTPASSWD_FILE);
    writeFileSync(file, HTPASSWD_USER.line);
    return { auth: { htpasswd: { realm: 'a, "quoted" realm', path: file } } };
  }
  const { realm, service, issuer, rootCert } = auth;
  const file = path.join(folder, 'root.crt');
  writeFileSync(file, rootCert);
  return { auth: { token: { realm, service, issuer, rootcertbundle: file } } };
}
