// A small process that outlives this one by a moment: it ends what this one started and removes the folder, however this
// one died.
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';

export interface Guard {
  /** Ends this process with the test process; forgets its id as soon as it ends, because the system reuses ids. */
  watch(child: ChildProcess): void;
  /** Removes the folder and ends the guard itself. All that it watched must have ended. */
  dismiss(): Promise<void>;
}

// Its standard input ends when this process does. Lines are "+ pid" and "- pid".
const script = `
while read -r sign pid; do
  others=
  for known in $pids; do [ "$known" = "$pid" ] || others="$others $known"; done
  pids="$others"
  [ "$sign" = - ] || pids="$pids $pid"
done
[ -z "$pids" ] || kill -KILL $pids
rm -rf "$1"
`;

/** `folder` holds everything that the watched processes write. */
export function startGuard(folder: string): Guard {
  // In a process group of its own, so that ^C does not reach it.
  const guard = spawn('sh', ['-c', script, 'guard', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise((resolve) => guard.once('exit', resolve));
  guard.stdin.on('error', () => undefined); // a line that it does not need any more
  return {
    watch(child) {
      if (child.pid === undefined) return; // it could not be started
      guard.stdin.write(`+ ${child.pid}\n`);
      child.once('exit', () => guard.stdin.write(`- ${child.pid}\n`));
    },
    async dismiss() {
      guard.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
