/** How each thread loads the modules of the bundle. An old Node.js must be able to parse this file. */

/** The bundle has hundreds of small modules that import each other by name. Node.js looks at the disk for each import (test/bench/README.md). */
export function loadOwnModulesFast(): void {
  const { enableCompileCache, registerHooks } = process.getBuiltinModule('node:module');
  enableCompileCache();
  const folder = new URL('.', import.meta.url).href;
  registerHooks({
    resolve(specifier, context, next) {
      const isOwn = specifier.startsWith('./') && specifier.endsWith('.js') && context.parentURL?.startsWith(folder);
      if (!isOwn) return next(specifier, context);
      return { url: folder + specifier.slice('./'.length), format: 'module', shortCircuit: true };
    },
  });
}
