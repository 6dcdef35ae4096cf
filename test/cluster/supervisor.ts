// Runs the programs of one control plane so that none can outlive the tests: each is ended by its own id, and a guard
// process does the same, and removes the data, when this process dies without getting to it.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { programPath, type Program } from './assets.ts';

export interface Supervisor {
  /** Starts a program with its output in `<folder>/<program>.log`. */
  start(program: Program, flags: readonly string[]): void;
  /** Why this control plane is over although nobody stopped it: which program ended, how, and its last lines. */
  broken(): string | undefined;
  /** Ends all programs at once (their data is thrown away anyhow) and removes the folder. */
  stop(): Promise<void>;
}

interface Running {
  readonly child: ChildProcess;
  /** Resolves when the process is gone, with how. */
  readonly ended: Promise<string>;
}

// The guard's standard input ends when this process does, however that dies.
const guardScript = `
while read -r pid; do pids="$pids $pid"; done
[ -z "$pids" ] || kill -KILL $pids
rm -rf "$1"
`;

/** Supervises programs that keep everything they write in one folder, which goes with them. */
export function startSupervisor(folder: string): Supervisor {
  // In a process group of its own, so that ^C does not reach it.
  const guard = spawn('sh', ['-c', guardScript, 'guard', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const guardEnded = new Promise((resolve) => guard.once('exit', resolve));
  const programs: Running[] = [];
  let stopped: Promise<void> | undefined;
  let broken: string | undefined;

  const stopAll = async (): Promise<void> => {
    for (const { child, ended } of programs.toReversed()) {
      child.kill('SIGKILL'); // does nothing when the process is gone already
      await ended;
    }
    guard.kill('SIGKILL'); // it has nothing left to end, and the ids that it knows are free again
    await guardEnded;
    rmSync(folder, { recursive: true, force: true });
  };

  const supervisor: Supervisor = {
    start(program, flags) {
      const running = run(program, flags, folder);
      programs.push(running);
      if (running.child.pid !== undefined) guard.stdin.write(`${running.child.pid}\n`);
      // Without one of them the others are of no use, and the guard must not keep an id that may be somebody else's soon.
      void running.ended.then((how) => {
        if (stopped === undefined) broken = how;
        return supervisor.stop();
      });
    },
    broken: () => broken,
    stop: () => (stopped ??= stopAll()),
  };
  return supervisor;
}

function run(program: Program, flags: readonly string[], folder: string): Running {
  const logFile = join(folder, `${program}.log`);
  const log = openSync(logFile, 'w');
  const child = spawn(programPath(program), flags, { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${program} could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`${program} ended with ${signal ?? code}\n${lastLines(logFile)}`));
  });
  return { child, ended };
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}
