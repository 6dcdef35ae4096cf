import manifest from '../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;

/** The release of Node.js that tidewaiter is tested with. */
export const NODE_VERSION: string = manifest.devDependencies.node;
