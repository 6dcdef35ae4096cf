/**
 * Imports changed plugins in a running server. Another process imports them first, because a module that never returns, ends its
 * process, or uses too much memory would end all reviews; the server imports only what that process has imported without an error.
 */
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isObject } from '../pod/pointer.ts';
import { type Imported, pluginFileProblem } from './import.ts';
import { importProblem } from './import-problem.ts';
import { API, followImports, offerTidewaiter, pluginDigest } from './modules.ts';

export { loadPlugins } from './load.ts';
export { pluginDigest, pluginModules, pluginPackages } from './modules.ts';

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
  const tried = await tryImport(resolved);
  if (!tried.ok) return tried;
  versions.add(version);
  try {
    const module: unknown = await import(version);
    return { ok: true, exported: isObject(module) ? module['default'] : undefined };
  } catch (error) {
    return { ok: false, problem: importProblem(error, resolved) };
  }
}

/** Sends what the import throws. */
const TRIAL = `
const { createRequire, registerHooks } = require('node:module');
const [api, base, file] = process.argv.slice(1);
const resolve = (specifier, context, next) =>
  specifier === 'tidewaiter' ? { url: api, shortCircuit: true } : next(specifier, context);
registerHooks({ resolve });
const end = (message) => process.send(message, () => process.disconnect());
try {
  createRequire(base)(file);
  end({ ok: true });
} catch (error) {
  const { code } = Object(error);
  try {
    end({ ok: false, error, code });
  } catch {
    end({ ok: false, error: String(error), code });
  }
}
`;

interface TrialFailure {
  readonly ok: false;
  readonly error: unknown;
  readonly code: unknown;
}

function tryImport(resolved: string): Promise<Imported> {
  const { promise, resolve } = Promise.withResolvers<Imported>();
  const failed = (problem: string): void => resolve({ ok: false, problem });
  const heap = `--max-old-space-size=${MEMORY_MIB}`;
  // The server imports the module as well, and then prints what it prints.
  const child = spawn(process.execPath, [heap, '-e', TRIAL, '--', API, import.meta.url, resolved], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  });
  const timer = setTimeout(() => failed(`: the module did not load within ${LIMIT_MS / 1000} s`), LIMIT_MS);
  child.once('message', (message: { readonly ok: true } | TrialFailure) => {
    if (message.ok) resolve({ ok: true, exported: undefined });
    else failed(importProblem(errorOf(message), resolved));
  });
  child.once('error', (error) => failed(`: the module cannot be tried: ${error.message}`));
  child.once('exit', () =>
    failed(`: the module ended the process while loading, or needs more than ${MEMORY_MIB} MiB`),
  );
  return promise.finally(() => {
    clearTimeout(timer);
    child.kill('SIGKILL');
  });
}

/** Messages between processes keep no codes of errors. */
function errorOf({ error, code }: TrialFailure): unknown {
  return error instanceof Error && code !== undefined ? Object.assign(error, { code }) : error;
}
