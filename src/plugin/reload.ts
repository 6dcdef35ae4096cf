/**
 * Imports changed plugins in a running server. A worker thread imports them first, because a module that never returns, or ends
 * the process, would end all reviews; the server imports only what the thread has imported without an error.
 */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { isObject } from '../pod/pointer.ts';
import { type Imported, pluginFileProblem } from './import.ts';
import { importProblem } from './import-problem.ts';
import { API, followImports, offerTidewaiter, pluginDigest } from './modules.ts';

export { loadPlugins } from './load.ts';
export { pluginDigest, pluginModules } from './modules.ts';

const LIMIT_MS = 5000;
const MEMORY_MIB = 64;
/** Node.js keeps each version of a module, which takes about 13 KB for a short plugin. */
const MAX_VERSIONS = 1000;

const versions = new Set<string>();

/** Returns a function that returns the modules, for `loadPlugins`. */
export async function importChanged(files: readonly string[]): Promise<(file: string) => Imported> {
  const modules = new Map<string, Imported>();
  for (const file of files) if (pluginFileProblem(file) === undefined) modules.set(file, await importCurrent(file));
  return (file) => modules.get(file) ?? { ok: false, problem: ': the file was replaced while it was loaded' };
}

async function importCurrent(file: string): Promise<Imported> {
  offerTidewaiter();
  const resolved = realpathSync(file);
  followImports(resolved);
  const version = `${pathToFileURL(resolved).href}?tidewaiter=${pluginDigest([file])}`;
  if (!versions.has(version) && versions.size >= MAX_VERSIONS) {
    const problem = `: plugins have changed ${MAX_VERSIONS} times, and each version stays in memory; restart tidewaiter`;
    return { ok: false, problem };
  }
  const tried = await importInThread(resolved);
  if (!tried.ok) return tried;
  versions.add(version);
  try {
    const module: unknown = await import(version);
    return { ok: true, exported: isObject(module) ? module['default'] : undefined };
  } catch (error) {
    return { ok: false, problem: importProblem(error, resolved) };
  }
}

/** A thread has no modules of the server, so it reads the current file. */
const THREAD = `
const { parentPort, workerData: { api, base, file } } = require('node:worker_threads');
const { createRequire, registerHooks } = require('node:module');
const resolve = (specifier, context, next) =>
  specifier === 'tidewaiter' ? { url: api, shortCircuit: true } : next(specifier, context);
registerHooks({ resolve });
try {
  createRequire(base)(file);
  parentPort.postMessage({ ok: true });
} catch (error) {
  const { code } = Object(error);
  try {
    parentPort.postMessage({ ok: false, error, code });
  } catch {
    parentPort.postMessage({ ok: false, error: String(error), code });
  }
}
`;

interface ThreadFailure {
  readonly error: unknown;
  readonly code: unknown;
}

function importInThread(resolved: string): Promise<Imported> {
  const { promise, resolve } = Promise.withResolvers<Imported>();
  const failed = (problem: string): void => resolve({ ok: false, problem });
  const worker = new Worker(THREAD, {
    eval: true,
    workerData: { api: API, base: import.meta.url, file: resolved },
    // The server imports the module as well, and then prints what it prints.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
  });
  const timer = setTimeout(() => failed(`: the module did not load within ${LIMIT_MS / 1000} s`), LIMIT_MS);
  worker.once('message', (message: { readonly ok: true } | ({ readonly ok: false } & ThreadFailure)) => {
    if (message.ok) resolve({ ok: true, exported: undefined });
    else failed(importProblem(errorOf(message), resolved));
  });
  worker.once('error', (error) => failed(importProblem(error, resolved)));
  worker.once('exit', () => failed(': the module ended the process while loading'));
  return promise.finally(() => {
    clearTimeout(timer);
    void worker.terminate();
  });
}

/** Messages between threads keep no codes. */
function errorOf({ error, code }: ThreadFailure): unknown {
  return error instanceof Error && code !== undefined ? Object.assign(error, { code }) : error;
}
