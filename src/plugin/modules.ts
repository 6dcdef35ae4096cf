/**
 * The modules of plugins: which files they import, and how a changed file is imported again. Node.js keeps every module that it
 * has imported, by URL, so a changed plugin gets a new URL, and so do its own modules; those in node_modules stay.
 */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Next to this file in the bundle, one directory up in the sources. */
export const API = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : './index.js', import.meta.url).href;

/** The files that each module of a plugin imports, by real path. */
const imports = new Map<string, Set<string>>();
/** The specifiers of modules in node_modules that each module of a plugin imports. */
const packages = new Map<string, Set<string>>();
const VERSION = /\?tidewaiter=\w+$/;

let offered = false;

/** Resolves the specifier `tidewaiter` to the running program, and follows the imports of plugins. */
export function offerTidewaiter(): void {
  if (offered) return;
  offered = true;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'tidewaiter') return { url: API, shortCircuit: true };
      const found = next(specifier, context);
      const version = follow(context.parentURL, found.url, specifier);
      return version === undefined ? found : { ...found, url: `${found.url}${version}` };
    },
  });
}

/** Notes an import; returns the version of the importing module for the imported one. */
function follow(parent: string | undefined, child: string, specifier: string): string | undefined {
  const from = parent === undefined ? undefined : pathOf(parent);
  const known = from === undefined ? undefined : imports.get(from);
  const to = pathOf(child);
  if (from === undefined || known === undefined || to === undefined) return undefined;
  if (to.includes('/node_modules/')) {
    packages.set(from, new Set(packages.get(from)).add(specifier));
    return undefined;
  }
  known.add(to);
  if (!imports.has(to)) imports.set(to, new Set());
  return VERSION.exec(parent ?? '')?.[0];
}

function pathOf(url: string): string | undefined {
  return url.startsWith('file:') ? fileURLToPath(url) : undefined;
}

/** Must be called before the file is imported. */
export function followImports(resolved: string): void {
  if (!imports.has(resolved)) imports.set(resolved, new Set());
}

/** Returns the files of plugins and the modules that they import, as far as they have been imported. */
export function pluginModules(files: readonly string[]): readonly string[] {
  const found = new Set(files);
  for (const file of found) for (const imported of imports.get(realOf(file)) ?? []) found.add(imported);
  return [...found];
}

/** Returns the specifiers of modules in node_modules that plugins import, directly or by a module of theirs. */
export function pluginPackages(files: readonly string[]): readonly string[] {
  return [...new Set(pluginModules(files).flatMap((file) => [...(packages.get(realOf(file)) ?? [])]))];
}

/** Changes with the content of a plugin or of a module that it imports. */
export function pluginDigest(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of pluginModules(files)) hash.update(contentOf(file)).update('\0');
  return hash.digest('hex');
}

function contentOf(file: string): Buffer | string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest();
  } catch {
    return 'absent';
  }
}

function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
