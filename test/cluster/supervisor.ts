// Runs the programs of one control plane so that none can outlive the tests: each is ended by its own id, and a guard
// does the same when this process dies without getting to it.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { programPath, type Program } from './assets.ts';
import { startGuard } from './guard.ts';

export interface Supervisor {
  /** Starts a program with its output in `<folder>/<program>.log`. */
  start(program: Program, flags: readonly string[]): void;
  /** Kills a program and starts it again. */
  restart(program: Program, flags: readonly string[]): Promise<void>;
  /** Why this control plane ended without `stop`: which program ended, how, and its last lines. */
  broken(): string | undefined;
  /** Ends all programs at once (their data is thrown away anyhow) and removes the folder. */
  stop(): Promise<void>;
}

interface Running {
  readonly program: Program;
  readonly child: ChildProcess;
  /** Resolves when the process is gone, with how. */
  readonly ended: Promise<string>;
}

/** Supervises programs that keep everything they write in one folder, which goes with them. */
export function startSupervisor(folder: string): Supervisor {
  const guard = startGuard(folder);
  let programs: readonly Running[] = [];
  let stopped: Promise<void> | undefined;
  let broken: string | undefined;

  const stopAll = async (): Promise<void> => {
    for (const { child, ended } of programs.toReversed()) {
      child.kill('SIGKILL'); // does nothing when the process is gone already
      await ended;
    }
    await guard.dismiss();
  };

  const supervisor: Supervisor = {
    start(program, flags) {
      const running = run(program, flags, folder);
      programs = [...programs, running];
      guard.watch(running.child);
      // Without one of them the others are of no use.
      void running.ended.then((how) => {
        if (!programs.includes(running)) return undefined; // it is restarted
        if (stopped === undefined) broken = how;
        return supervisor.stop();
      });
    },
    async restart(program, flags) {
      const old = programs.filter((running) => running.program === program);
      programs = programs.filter((running) => !old.includes(running));
      for (const { child, ended } of old) {
        child.kill('SIGKILL');
        await ended;
      }
      supervisor.start(program, flags);
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
  return { program, child, ended };
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}
