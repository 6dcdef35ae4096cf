/** Plugins with the modules that they import, for a ConfigMap. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import type { PluginFiles } from '../../install/options.ts';
import { pluginState } from '../../wiring.ts';
import { configMapData } from './config-map.ts';

/** The plugins must be loaded. */
export async function pluginFiles(plugins: readonly string[]): Promise<PluginFiles> {
  const files = new Set<string>();
  for (const plugin of plugins) {
    const { modules, packages } = await pluginState([plugin]);
    const [first] = packages;
    if (first !== undefined) throw new UserError(`${plugin}: imports ${first} from node_modules, ${NOT_CONTAINED}`);
    const own = realpathSync(plugin);
    for (const module of new Set(modules.map((file) => realpathSync(file)))) {
      if (path.dirname(module) !== path.dirname(own))
        throw new UserError(`${plugin}: imports ${module} from another directory, ${NOT_CONTAINED}`);
      // Under the name by which the configuration refers to it.
      files.add(module === own ? plugin : module);
    }
  }
  return { files: configMapData(files, 'plugins'), load: plugins.map((plugin) => path.basename(plugin)) };
}

const NOT_CONTAINED = 'which a ConfigMap cannot contain; bundle the plugin into one file, for example with esbuild';
