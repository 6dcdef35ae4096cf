/**
 * A process in 256 MiB of memory, as in the shipped Pod, and with name servers of the bench's own, where the machine allows it:
 * root, and control groups that can be written to.
 */
import { createSocket } from 'node:dgram';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { fileIn } from './program.ts';

export const LIMIT_MIB = 256;

/** Of control groups of version 2 and 1. */
const TREES = [
  { root: '/sys/fs/cgroup', limit: 'memory.max', mark: 'cgroup.controllers' },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', mark: 'memory.limit_in_bytes' },
];

export interface Confinement {
  /** `256 MiB control group`, or why there is none. */
  readonly what: string;
  readonly hasNames: boolean;
  /** The command line that runs `argv` so. */
  wrap(argv: readonly string[]): readonly string[];
  end(): void;
}

export function confine(): Confinement {
  const group = memoryGroup();
  const resolv = fileIn('resolv.conf');
  writeFileSync(resolv, 'nameserver 127.0.0.53\n');
  const hasNames = spawnSync('unshare', ['-m', 'mount', '--bind', resolv, '/etc/resolv.conf']).status === 0;
  const enter = group === undefined ? '' : `echo $$ > ${group}/cgroup.procs; `;
  return {
    what: group === undefined ? 'no control group: VmHWM alone' : `${LIMIT_MIB} MiB control group`,
    hasNames,
    wrap(argv) {
      const named = hasNames
        ? ['unshare', '-m', 'sh', '-c', `mount --bind ${resolv} /etc/resolv.conf; exec "$@"`, 'sh']
        : [];
      return ['sh', '-c', `${enter}exec "$@"`, 'sh', ...named, ...argv];
    },
    end() {
      if (group !== undefined) rmdirSync(group);
    },
  };
}

function memoryGroup(): string | undefined {
  const tree = TREES.find(({ root, mark }) => existsSync(`${root}/${mark}`));
  if (tree === undefined) return undefined;
  const group = `${tree.root}/tidewaiter-bench-${process.pid}`;
  try {
    mkdirSync(group);
    writeFileSync(`${group}/${tree.limit}`, String(LIMIT_MIB * 1024 * 1024));
    return group;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** Answers 127.0.0.1 for every name, and nothing at all for those of `dead.test`. */
export async function startNameServer(): Promise<() => void> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    if (query.includes('\x04dead\x04test')) return;
    socket.send(answerTo(query), port, address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(53, '127.0.0.53', resolve);
  });
  return () => socket.close();
}

/** RFC 1035: the question again, and one A record, or none for another type. */
function answerTo(query: Buffer): Buffer {
  const nameEnd = query.indexOf(0, 12) + 1;
  const isA = query.readUInt16BE(nameEnd) === 1;
  const head = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([head, query.subarray(12, nameEnd + 4), isA ? record : Buffer.alloc(0)]);
}

/** Of /proc/PID/status, in MiB. */
export function statusMiB(pid: number, key: 'VmHWM' | 'RssAnon'): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(text)?.[1]) / 1024;
}
